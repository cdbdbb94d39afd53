import type { ProvidersOptions } from '../providers/registry.js'

/**
 * Options that send every provider to a mock: `createLeash({ providers: mockProviders(mock.url) })`.
 * No key of these is a real one, and none is read from the environment.
 */
export function mockProviders(url: string) {
  return {
    openai: { baseURL: `${url}/v1`, apiKey: 'mock' },
    azure: { endpoint: url, apiKey: 'mock' },
    anthropic: { baseURL: url, apiKey: 'mock' },
    google: { baseURL: `${url}/v1beta`, apiKey: 'mock' },
    vertex: { baseURL: url, project: 'mock', location: 'global', accessToken: 'mock' },
    bedrock: { baseURL: url, region: 'us-east-1', credentials: { accessKeyId: 'mock', secretAccessKey: 'mock' } },
    mistral: { baseURL: `${url}/v1`, apiKey: 'mock' },
    groq: { baseURL: `${url}/v1`, apiKey: 'mock' },
  } satisfies ProvidersOptions
}
