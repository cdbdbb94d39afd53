/** One budget of attempts covers retry, fallback, hedge and resume, however they are nested and whatever goes wrong. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLeash, type LeashOptions, type Report } from '../../src/leash.js'
import { type Fault, mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { read } from '../transport/lanes.js'

const mock = useMock()

const faults: Readonly<Record<string, Fault>> = {
  none: {},
  limited: { status: 429, retryAfter: 0.01 },
  'limited for long': { status: 429, retryAfter: 90 },
  refused: { status: 403 },
  failed: { status: 500 },
  overloaded: { status: 503 },
  reset: { reset: true },
  cut: { cutAfter: { events: 4 } },
  'cut at once': { cutAfter: { bytes: 10 } },
  'no headers': { hang: 'headers' },
  'silent in the stream': { hang: { afterEvents: 4 } },
  late: { latencyMs: 15 },
  malformed: { malformed: true },
  'error in the stream': { errorInStream: {} },
  'error at its begin': { errorInStream: { after: 0, status: 429 } },
  'no end': { endWithoutTerminal: true },
}

const models = ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash', 'mistral/mistral-small']
const count = (max: number) => fc.integer({ min: 1, max })

const scene = fc.record({
  maxAttempts: count(6),
  attempts: count(4),
  of429: fc.option(count(6), { nil: undefined }),
  fallback: fc.subarray(models.slice(1)),
  hedge: fc.option(fc.record({ delayMs: count(20), to: fc.constantFrom('same', 'claude-haiku-4-5') }), { nil: undefined }),
  resume: fc.option(fc.record({ restart: fc.boolean(), times: count(3) }), { nil: undefined }),
  slow: fc.option(fc.record({ hold: fc.boolean() }), { nil: undefined }),
  keys: count(3),
  stream: fc.boolean(),
  left: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  faults: fc.array(fc.constantFrom(...Object.keys(faults)), { minLength: 12, maxLength: 12 }),
})
type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never

/** Whatever is cut is gone on with elsewhere, and nothing of it depends on how busy the machine is. */
const cutAndResumed: Scene = {
  ...{ maxAttempts: 4, attempts: 1, of429: undefined, fallback: ['claude-haiku-4-5'], hedge: undefined, keys: 1 },
  ...{ resume: { restart: false, times: 1 }, slow: undefined, stream: true, left: undefined, faults: ['cut'] },
}

function optionsOf({ maxAttempts, attempts, of429, fallback, hedge, resume, slow, keys, faults: drawn }: Scene): LeashOptions {
  const givesUpMs = drawn.some((name) => faults[name]?.hang) ? 50 : 10_000
  const providers = mockProviders(mock.url)
  const apiKey = Array.from({ length: keys }, (_, index) => `key ${index}`)
  return {
    providers: { ...providers, openai: { ...providers.openai, apiKey } },
    maxAttempts,
    retry: { attempts, backoff: () => 0, retryAfterCapMs: 1000, ...(of429 && { on: { rate_limited: { attempts: of429 } } }) },
    timeouts: {
      attemptMs: givesUpMs,
      idleMs: givesUpMs,
      ...(slow && { slowStream: { tokensPerSecond: 10_000, windowMs: 30, ...slow } }),
    },
    fallback,
    ...(hedge && { hedge: { ...hedge, maxShare: 1 } }),
    ...(resume && { resume }),
  }
}

async function run(scene: Scene): Promise<Report & { readonly sent: number }> {
  mock.reset()
  mock.script(...scene.faults.map((name) => faults[name] ?? {}))
  let sent = 0
  // Not counted by the mock: of a call that was left it may hear when the next one is under way.
  const counting = (url: string, init: RequestInit) => {
    sent++
    return fetch(url, init)
  }
  const leash = createLeash({ ...optionsOf(scene), fetch: counting })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const body = { model: 'openai/gpt-4o-mini', stream: scene.stream, messages: [{ role: 'user', content: 'one two three four' }] }
  const response = leash.fetch(`${mock.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer caller' },
    body: JSON.stringify(body),
    ...(scene.left !== undefined && { signal: AbortSignal.timeout(scene.left) }),
  })
  await response.then(read).catch(() => undefined)
  await until(() => reports[0]?.ended === true && reports[0].attempts.every(({ outcome }) => outcome !== 'pending'))
  await leash.close()
  const [report] = reports
  if (!report) throw new Error('There is no report.')
  return { ...report, sent }
}

test('a call never makes more attempts than it may, and each one stands in its report', async () => {
  const seen = { spent: 0, resumed: 0, hedged: 0, moved: 0, retried: 0 }
  await fc.assert(
    fc.asyncProperty(scene, async (scene) => {
      const { attempts, moves, sent } = await run(scene)
      expect(attempts.length).toBeLessThanOrEqual(scene.maxAttempts)
      expect(sent).toBe(attempts.length)
      if (attempts.length === scene.maxAttempts && scene.maxAttempts > 1) seen.spent++
      if (moves.some(({ resumed }) => resumed)) seen.resumed++
      if (attempts.some(({ hedged }) => hedged)) seen.hedged++
      if (moves.length > 0) seen.moved++
      if (attempts.length > moves.length + 1) seen.retried++
    }),
    { numRuns: 250, examples: [[cutAndResumed]] },
  )
  // Each layer has had its chance to pass the limit.
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(0)
}, 300_000)
