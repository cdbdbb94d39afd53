/** Mock vendors on this machine, and the environment in which programs find them instead of the real ones. */
import { type MockUpstream, startMock } from 'leashllm/testing'

export interface Offline {
  readonly mock: MockUpstream
  readonly env: Readonly<Record<string, string>>
}

export async function startOffline(): Promise<Offline> {
  const mock = await startMock()
  return { mock, env: offlineEnv(mock.url) }
}

/** The vendors' own variables, as their SDKs read them. */
export function offlineEnv(url: string): Record<string, string> {
  return {
    OPENAI_API_KEY: 'test-openai',
    OPENAI_BASE_URL: `${url}/v1`,
    ANTHROPIC_API_KEY: 'test-anthropic',
    ANTHROPIC_BASE_URL: url,
    GEMINI_API_KEY: 'test-gemini',
    GOOGLE_GEMINI_BASE_URL: url,
    AZURE_OPENAI_API_KEY: 'test-azure',
    AZURE_OPENAI_ENDPOINT: url,
    OPENAI_API_VERSION: '2024-10-21',
    AWS_ACCESS_KEY_ID: 'test-aws',
    AWS_SECRET_ACCESS_KEY: 'test-aws-secret',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}
