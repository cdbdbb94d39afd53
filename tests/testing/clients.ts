/** Each vendor's own SDK, pointed at a mock and told not to retry. */
import Anthropic from '@anthropic-ai/sdk'
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime'
import { GoogleGenAI } from '@google/genai'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import OpenAI from 'openai'
import OpenAI6 from 'openai-6'

export const openai = (url: string, apiKey = 'key') => new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
/** As the newer major: what the tests use of the two is the same. */
export const openai6 = (url: string, apiKey = 'key') =>
  new OpenAI6({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 }) as unknown as OpenAI
export const anthropic = (url: string, apiKey = 'key') =>
  new Anthropic({ apiKey, baseURL: url, maxRetries: 0, logLevel: 'error' })
export const google = (url: string, apiKey = 'key') => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } })

export function bedrock(url: string, accessKeyId = 'AKIDMOCK'): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId, secretAccessKey: 'secret' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  })
}

export const weather = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, unit: { type: 'string' as const, enum: ['celsius', 'fahrenheit'] } },
  required: ['city', 'unit'],
  additionalProperties: false,
}

/** A transparent pixel. */
export const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

/** The error that a promise is rejected with. */
export function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  )
}
