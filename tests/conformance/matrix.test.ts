/**
 * Every caller × every upstream: the vendor's own SDK in front, `leash.handle` on a real socket, a mock vendor on another
 * behind. What the pairs can do is written into docs/compatibility.md.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createLeash, type LeashOptions } from '../../src/leash.js'
import { type Fault, type MockUpstream, mockProviders, startMock } from '../../src/testing/index.js'
import { type Served, serve } from '../helpers/serve.js'
import { compatibilityPage } from './compatibility.js'
import { type Driver, drivers, prompt } from './drivers.js'

/** How an upstream is spoken to, and a model that leads there on the leash below. */
const upstreams = {
  'openai-chat': 'chat/gpt-4o-mini',
  'openai-responses': 'responses/gpt-5-mini',
  'anthropic-messages': 'anthropic/claude-sonnet-4-5',
  gemini: 'google/gemini-3-flash',
  'bedrock-converse': 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0',
} as const

const page = compatibilityPage(Object.keys(upstreams))
let mock: MockUpstream
let served: Served
/** The same, with less patience. */
let hasty: Served

beforeAll(async () => {
  mock = await startMock()
  const { openai: compatible, ...providers } = mockProviders(mock.url)
  const options: LeashOptions = {
    retry: false,
    providers: {
      ...providers,
      chat: { type: 'openai-compatible', ...compatible, protocols: ['openai-chat'] },
      responses: { type: 'openai-compatible', ...compatible, protocols: ['openai-responses'] },
    },
  }
  served = await serve(createLeash(options).handle)
  hasty = await serve(createLeash({ ...options, timeouts: { attemptMs: 300 } }).handle)
})

afterEach(() => mock.reset())

afterAll(async () => {
  await served.close()
  await hasty.close()
  await mock.close()
  page.write()
})

const finished = new Set(['stop', 'completed', 'end_turn', 'STOP'])
const echo = `Echo: ${prompt}`
const tooled = (names: string[]) => names.map((name) => ({ name, arguments: { city: expect.any(String) } }))

describe.each(drivers)('a caller who speaks $name', (driver) => {
  describe.each(Object.entries(upstreams))('to %s', (upstream, model) => {
    const cell = (feature: string, scenario: () => Promise<void>) =>
      it(feature, async () => {
        page.note(driver.name, upstream, feature, false)
        await scenario()
        expect(mock.requests.map(({ protocol }) => protocol)).toEqual(mock.requests.map(() => upstream))
        page.note(driver.name, upstream, feature, true)
      })

    cell('text', async () => {
      const told = await driver.text(served.url, model)
      expect(told.text).toBe(echo)
      expect(finished).toContain(told.finish)
      expect(told.input).toBeGreaterThan(0)
      expect(told.output).toBeGreaterThan(0)
    })

    cell('stream', async () => {
      const whole = await driver.text(served.url, model)
      expect(await driver.stream(served.url, model)).toEqual(whole)
      mock.script({ chunkBytes: 1 })
      expect(await driver.stream(served.url, model)).toEqual(whole)
    })

    for (const stream of [false, true]) {
      const streamed = stream ? ', streamed' : ''

      cell(`one tool${streamed}`, async () => {
        const { calls, text } = await driver.tools(served.url, model, { parallel: false, thinking: false, stream })
        expect(calls).toEqual(tooled(['get_weather']))
        expect(text).toContain('get_weather says 24')
      })

      cell(`parallel tools with results${streamed}`, async () => {
        const { calls, text } = await driver.tools(served.url, model, { parallel: true, thinking: false, stream })
        expect(calls).toEqual(tooled(['get_weather', 'get_time']))
        expect(text).toContain('get_weather says 24')
        expect(text).toContain('get_time says 24')
      })

      cell(`thinking across a tool loop${streamed}`, async () => {
        // The mock refuses a turn whose thinking does not come back as it went out.
        const { calls, text, thought } = await driver.tools(served.url, model, { parallel: false, thinking: true, stream })
        expect(calls).toEqual(tooled(['get_weather']))
        expect(text).toContain('get_weather says 24')
        // OpenAI's chat completions keep their thinking to themselves, and Gemini does unless asked, which OpenAI's callers cannot.
        expect(thought).toBe(upstream !== 'openai-chat' && !(upstream === 'gemini' && driver.name.startsWith('openai')))
        expect(mock.requests.at(-1)?.text).not.toContain('skip_thought_signature_validator')
      })
    }

    cell('image in', async () => {
      expect((await driver.image(served.url, model)).text).toBe(`${echo} [1 image]`)
    })

    cell('structured output', async () => {
      expect(await driver.structured(served.url, model)).toEqual({ city: expect.any(String), degrees: expect.any(Number) })
    })

    cell('errors', async () => {
      for (const [fault, status, options] of failures) {
        mock.script(fault)
        const failed = await driver.fail((fault.hang ? hasty : served).url, model, options)
        expect({ ...failed, fault }).toMatchObject({ kind: classOf(driver, status, options.stream), fault })
        if (!options.stream) expect({ status: failed.status, fault }).toEqual({ status, fault })
        expect(failed.message).not.toContain('mock')
      }
    })
  })
})

/** What goes wrong upstream, and the status that the caller is to see. */
const failures: readonly [Fault, number, { stream?: boolean }][] = [
  [{ status: 400 }, 400, {}],
  [{ status: 401 }, 401, {}],
  [{ status: 403 }, 403, {}],
  [{ status: 404 }, 404, {}],
  [{ status: 413 }, 413, {}],
  [{ status: 429, retryAfter: 7 }, 429, {}],
  [{ status: 500 }, 500, {}],
  [{ status: 529 }, 529, {}],
  [{ reset: true }, 502, {}],
  [{ hang: 'headers' }, 504, {}],
  [{ malformed: true }, 502, {}],
  [{ cutAfter: { events: 2 } }, 502, { stream: true }],
  [{ endWithoutTerminal: true }, 502, { stream: true }],
]

/** How each SDK names a failure with this status. */
function classOf({ name }: Driver, status: number, stream: boolean | undefined): unknown {
  if (name === 'gemini') return stream ? expect.stringMatching(/Error$/) : 'ApiError'
  if (stream) return expect.stringMatching(/Error$/)
  const classes: Record<number, string> = {
    400: 'BadRequestError',
    401: 'AuthenticationError',
    403: 'PermissionDeniedError',
    404: 'NotFoundError',
    429: 'RateLimitError',
  }
  if (status === 413) return name === 'anthropic-messages' ? 'ContentTooLargeError' : 'APIError'
  if (status >= 500 && name === 'anthropic-messages') return expect.stringMatching(/Error$/)
  return status >= 500 ? 'InternalServerError' : (classes[status] ?? 'APIError')
}
