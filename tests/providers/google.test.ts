import { GoogleGenAI } from '@google/genai'
import { describe, expect, test } from 'vitest'
import { type GoogleOptions, google } from '../../src/providers/google.js'
import { bare, sent, upstream, wire } from './upstream.js'

const ask = (
  over: { stream?: boolean; protocol?: string; model?: string; body?: Record<string, never[]> } = {},
  options: GoogleOptions = {},
) =>
  Promise.resolve(
    google({ apiKey: 'k', env: bare, ...options }).prepare(
      wire({ protocol: 'gemini', model: 'gemini-2.5-flash', body: {}, ...over }),
    ),
  )

describe('google', () => {
  const base = 'https://generativelanguage.googleapis.com/v1beta'

  test.each([
    [{}, `${base}/models/gemini-2.5-flash:generateContent`],
    [{ stream: true }, `${base}/models/gemini-2.5-flash:streamGenerateContent?alt=sse`],
    [{ protocol: 'gemini-embeddings', body: { requests: [] } }, `${base}/models/gemini-2.5-flash:batchEmbedContents`],
    [{ protocol: 'gemini-embeddings' }, `${base}/models/gemini-2.5-flash:embedContent`],
    [{ model: 'models/gemini-2.5-pro' }, `${base}/models/gemini-2.5-pro:generateContent`],
    [{ model: 'tunedModels/mine-1' }, `${base}/tunedModels/mine-1:generateContent`],
    [{ model: 'odd name?' }, `${base}/models/odd%20name%3F:generateContent`],
  ])('%j goes to %s', async (over, url) => {
    expect((await ask(over)).url).toBe(url)
  })

  test('the key travels in a header, never in the address', async () => {
    const { url, headers } = await ask({}, { apiKey: 'AIza-secret' })
    expect(headers['x-goog-api-key']).toBe('AIza-secret')
    expect(url).not.toContain('secret')
  })

  test("GOOGLE_API_KEY stands above GEMINI_API_KEY, as in Google's own SDK", async () => {
    const from = async (env: Record<string, string>) => (await ask({}, { apiKey: undefined, env })).headers['x-goog-api-key']
    expect(await from({ GEMINI_API_KEY: 'gemini' })).toBe('gemini')
    expect(await from({ GEMINI_API_KEY: 'gemini', GOOGLE_API_KEY: 'google' })).toBe('google')
    expect(google({ env: bare }).missing()).toBe('Set GOOGLE_API_KEY or GEMINI_API_KEY, or pass `apiKey`.')
  })

  test("the variable's base is without a version, the option's with one", async () => {
    expect((await ask({}, { env: { GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9/' } })).url).toBe(
      'http://127.0.0.1:9/v1beta/models/gemini-2.5-flash:generateContent',
    )
    expect((await ask({}, { env: { GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9/?team=7' } })).url).toBe(
      'http://127.0.0.1:9/v1beta/models/gemini-2.5-flash:generateContent?team=7',
    )
    expect((await ask({}, { baseURL: 'http://127.0.0.1:9/v1' })).url).toBe(
      'http://127.0.0.1:9/v1/models/gemini-2.5-flash:generateContent',
    )
  })

  test("asks as Google's own SDK does", async () => {
    await using server = await upstream(() => ({ body: { candidates: [], embeddings: [] } }))
    // The SDK's own default became `v1`, which knows fewer members.
    const client = new GoogleGenAI({ apiKey: 'same', apiVersion: 'v1beta', httpOptions: { baseUrl: server.url } })
    await client.models.generateContent({ model: 'gemini-2.5-flash', contents: 'hi' })
    await client.models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'hi' })
    const provider = google({ apiKey: 'same', baseURL: `${server.url}/v1beta`, env: bare })
    const theirs = [...server.received]
    for (const [index, stream] of [false, true].entries()) {
      const ours = await sent(provider, wire({ protocol: 'gemini', model: 'gemini-2.5-flash', stream, body: {} }), server)
      expect(ours.path).toBe(theirs[index]?.path)
      expect(ours.headers['x-goog-api-key']).toBe(theirs[index]?.headers['x-goog-api-key'])
    }
  })

  test.each([
    ['gemini-2.5-pro', 'json-schema'],
    ['gemini-3.8-flash', 'json-schema'],
    ['gemini-flash-latest', 'json-schema'],
    ['gemini-2.0-flash', 'openapi-subset'],
    ['gemma-3-27b-it', 'openapi-subset'],
  ])('%s holds schemas to %s', (model, schemaDialect) => {
    expect(google({ env: bare }).traits(model)).toMatchObject({ schemaDialect, supportsPrefill: false })
  })
})
