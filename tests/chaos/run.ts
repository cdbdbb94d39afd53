/** Sends many calls at once to two vendors that fail, and keeps all that can be seen of it from outside and inside. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from '../../src/core/call.js'
import { createLeash, type Leash, type LeashEvents, type LedgerLine, type Report } from '../../src/leash.js'
import { type MockUpstream, mockProviders, type RecordedRequest, startMock } from '../../src/testing/index.js'
import { type Chaos, chaos } from './faults.js'
import { type Outcome, outcomeOf, questionOf } from './outcome.js'

export const maxAttempts = 4

/** Where the transport writes which line of the ledger a request must have: made of the call's id and the attempt's place. */
const lineHeader = 'x-chaos-line'

export interface Run {
  readonly outcomes: readonly Outcome[]
  readonly reports: readonly Report[]
  readonly lines: readonly LedgerLine[]
  readonly requests: readonly RecordedRequest[]
  readonly chaos: readonly Chaos[]
  /** How often the leash told of each. */
  readonly heard: Readonly<Record<string, number>>
}

export const lineOf = ({ headers }: RecordedRequest): string => headers[lineHeader] ?? 'unsigned'

const promptOf = ({ text }: RecordedRequest): number => Number(/chaos-(\d+)/.exec(text)?.[1])

export interface Upstreams {
  readonly openai: MockUpstream
  readonly anthropic: MockUpstream
}

export async function startUpstreams(): Promise<Upstreams> {
  const [openai, anthropic] = await Promise.all([
    startMock({ protocols: ['openai-chat'] }),
    startMock({ protocols: ['anthropic-messages'] }),
  ])
  return { openai, anthropic }
}

export interface Plan {
  readonly calls: number
  readonly atOnce: number
  readonly seed: number
  readonly share: number
  /** Lives longer than all calls, as a server's own does. */
  readonly signal: AbortSignal
}

export async function run({ openai, anthropic }: Upstreams, { calls, atOnce, seed, share, signal }: Plan): Promise<Run> {
  const upstreams = [openai, anthropic]
  const spoiled = upstreams.map((mock, index) => {
    const drawn = chaos(`${seed} ${index}`, share, promptOf)
    mock.script(...drawn.script)
    return drawn
  })
  const lines: LedgerLine[] = []
  const leash = openLeash({ openai, anthropic }, (more) => lines.push(...more))
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const heard = countEvents(leash, ['retry', 'fallback', 'breaker'])

  const outcomes: Outcome[] = []
  let next = 0
  const caller = async () => {
    for (let call = next++; call < calls; call = next++) outcomes[call] = await ask(leash, { openai, anthropic }, call, signal)
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
  await leash.close()
  return { outcomes, reports, lines, requests: upstreams.flatMap(({ requests }) => requests), chaos: spoiled, heard }
}

function openLeash({ openai, anthropic }: Upstreams, sink: (lines: readonly LedgerLine[]) => void): Leash {
  const underway = new AsyncLocalStorage<Call>()
  return createLeash({
    providers: { openai: mockProviders(openai.url).openai, anthropic: mockProviders(anthropic.url).anthropic },
    retry: { attempts: 2, backoff: () => 2, retryAfterCapMs: 50 },
    fallback: ['openai/gpt-4.1', 'anthropic/claude-haiku-4-5'],
    circuitBreaker: { errorRate: 0.08, minimumCalls: 30, windowMs: 1000, cooldownMs: 20 },
    hedge: { delayMs: 60 },
    coalesce: true,
    rateLimit: [{ limit: { requests: 1_000_000 }, per: 'minute' }],
    concurrency: { total: 14, provider: 12 },
    pace: { waitMs: 50 },
    timeouts: { attemptMs: 1000, firstTokenMs: 1000, idleMs: 1000, deadlineMs: 10_000 },
    maxAttempts,
    ledger: { sink },
    use: [{ at: 'attempt', middleware: (next) => (call) => underway.run(call, () => next(call)) }],
    fetch: (url, init) => fetch(url, { ...init, headers: signed(init.headers, underway.getStore()) }),
  })
}

function signed(headers: RequestInit['headers'], call: Call | undefined): Headers {
  const out = new Headers(headers)
  const place = call?.report.attempts.findLastIndex(({ hedged }) => hedged === call.hedged) ?? -1
  out.set(lineHeader, `${call?.report.id}/${place + 1}`)
  return out
}

function countEvents(leash: Leash, names: readonly (keyof LeashEvents)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) {
    counts[name] = 0
    leash.on(name, () => {
      counts[name] = (counts[name] ?? 0) + 1
    })
  }
  return counts
}

function ask(leash: Leash, { openai, anthropic }: Upstreams, call: number, signal: AbortSignal): Promise<Outcome> {
  const { speaker, door, question } = questionOf(call)
  const { path, body } = speaker.request(question)
  const { url } = speaker.protocol.startsWith('anthropic') ? anthropic : openai
  const init = {
    method: 'POST',
    headers: { authorization: 'Bearer mock', 'x-api-key': 'mock', 'x-goog-api-key': 'mock', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body),
  }
  const answer =
    door === 'fetch'
      ? leash.fetch(`${url}${path}`, { ...init, signal })
      : leash.handle(new Request(`http://leash.test${path}`, init))
  return outcomeOf(answer, speaker, question)
}
