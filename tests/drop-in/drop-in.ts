/** The same scenarios for every library: served over HTTP, and as the `fetch` that the library takes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLeash, type Leash } from '../../src/leash.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { type Served, serve } from '../helpers/serve.js'

/** What a library is told: where its vendor is, and perhaps how to send. */
export interface Door {
  readonly url: string
  readonly fetch?: typeof fetch
}

export interface Library {
  text(door: Door, model: string): Promise<string | null | undefined>
  stream(door: Door, model: string): Promise<string>
  /** Asks with the tool, runs it, and tells what came after its result. `ran` takes what the model called it with. */
  tools(door: Door, model: string, ran: (args: unknown) => string, stream: boolean): Promise<string | null | undefined>
}

export const prompt = 'The quick brown fox.'
export const weather = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false as const,
}

/** One model of every vendor. */
const models = {
  openai: 'gpt-4o-mini',
  anthropic: 'claude-haiku-4-5',
  google: 'gemini-2.5-flash',
  bedrock: 'us.amazon.nova-lite-v1:0',
  mistral: 'mistral-small-latest',
}

export function dropIn(name: string, library: Library): void {
  const mock = useMock()
  let leash: Leash
  let served: Served
  beforeAll(async () => {
    leash = createLeash({ providers: mockProviders(mock.url), retry: { backoff: () => 0 } })
    served = await serve(leash.handle)
  })
  afterAll(() => served.close())
  const doors: readonly (readonly [string, () => Door])[] = [
    ['leash.handle behind its base URL', () => ({ url: served.url })],
    ['leash.fetch as its fetch', () => ({ url: mock.url, fetch: leash.fetch })],
  ]

  describe.each(doors)(`${name} with %s`, (_, door) => {
    describe.each(Object.entries(models))('and a model of %s', (vendor, model) => {
      test('asks', async () => {
        expect(await library.text(door(), model)).toBe(`Echo: ${prompt}`)
        expect(mock.requests.map(({ model }) => model)).toEqual([model])
      })

      test('streams', async () => {
        expect(await library.stream(door(), model)).toBe(`Echo: ${prompt}`)
        expect(mock.requests).toMatchObject([{ model, stream: true }])
      })

      test.each([false, true])('calls tools (stream: %s)', async (stream) => {
        const calls: unknown[] = []
        const ran = (args: unknown) => {
          calls.push(args)
          return '24 degrees'
        }
        expect(await library.tools(door(), model, ran, stream)).toContain('24 degrees')
        expect(calls).toEqual([{ city: expect.any(String) }])
        expect(mock.requests).toHaveLength(2)
      })

      test('recovers from a failure upstream without knowing of it', async () => {
        mock.script({ status: 503 })
        expect(await library.text(door(), model)).toBe(`Echo: ${prompt}`)
        expect([vendor, mock.requests.length]).toEqual([vendor, 2])
      })
    })

    test('hears of a failure in its own words, once', async () => {
      mock.script({ status: 401, times: 99 })
      await expect(library.text(door(), models.mistral)).rejects.toThrow()
      expect(mock.requests).toHaveLength(1)
    })
  })
}
