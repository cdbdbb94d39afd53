/** Moments at which a caller may leave: how a call is brought there, and how to see that it has come there. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Leash, LeashOptions } from '../../src/leash.js'
import type { Fault } from '../../src/testing/index.js'
import type { Mock } from '../helpers/mock.js'

export interface Moment {
  readonly name: string
  readonly stream?: boolean
  readonly options?: LeashOptions
  /** For the requests in their order. */
  readonly faults: readonly Fault[]
  /** Another call goes first: it is answered, or refused, before this one is made; or it is still under way then. */
  readonly before?: 'ended' | 'underway'
  /** Requests that have come to the upstream by then, those of the call before among them. */
  readonly requests: number
  /** It has answered, and the caller has read a part of the stream. */
  readonly reading?: boolean
}

const aMinute = 60_000
const silent: Fault = { hang: 'headers' }
const silentLater: Fault = { hang: { afterEvents: 6 } }

const everything: LeashOptions = {
  retry: { attempts: 3, backoff: () => 0 },
  fallback: ['openai/gpt-4o-mini', 'anthropic/claude-haiku-4-5'],
  hedge: { delayMs: aMinute },
  coalesce: true,
  pace: true,
  rateLimit: [{ limit: { requests: 1000, tokens: 1_000_000 }, per: 'minute' }],
  concurrency: { total: 10, tenant: 10, provider: 10 },
  timeouts: { attemptMs: aMinute, firstTokenMs: aMinute, idleMs: aMinute, deadlineMs: aMinute },
  ledger: true,
}

export const moments: readonly Moment[] = [
  {
    name: 'queued for a place in the process',
    options: { concurrency: { total: 1 } },
    faults: [silent],
    before: 'underway',
    requests: 1,
  },
  {
    name: 'queued for a place at the provider',
    options: { concurrency: { provider: 1 }, retry: {} },
    faults: [silent],
    before: 'underway',
    requests: 1,
  },
  {
    name: 'waiting for room in a rate limit',
    options: { rateLimit: [{ limit: { requests: 1 }, per: 'minute', waitMs: aMinute }] },
    faults: [{}],
    before: 'ended',
    requests: 1,
  },
  {
    name: 'held back by the limit that its vendor told of',
    options: { pace: { waitMs: aMinute } },
    faults: [{ status: 429, retryAfter: 30 }],
    before: 'ended',
    requests: 1,
  },
  {
    name: 'backing off before it tries again',
    options: { retry: { backoff: () => aMinute } },
    faults: [{ status: 500 }],
    requests: 1,
  },
  {
    name: 'late, before a second attempt is sent',
    options: { hedge: { delayMs: aMinute } },
    faults: [silent],
    requests: 1,
  },
  { name: 'hedged, both attempts under way', options: { hedge: { delayMs: 5 } }, faults: [silent, silent], requests: 2 },
  {
    name: 'at the target that it fell back to',
    // Nothing but its own vendor can answer a caller who speaks Bedrock's protocol.
    options: { fallback: ['groq/llama-3.3-70b', 'bedrock/us.amazon.nova-pro-v1:0'] },
    faults: [{ status: 500 }, silent],
    requests: 2,
  },
  { name: 'sharing an upstream, alone', options: { coalesce: true }, faults: [silent], requests: 1 },
  { name: 'waiting for the headers', faults: [silent], requests: 1 },
  { name: 'waiting for the body', faults: [{ hang: 'body' }], requests: 1 },
  { name: 'waiting for the headers of a stream', stream: true, faults: [silent], requests: 1 },
  { name: 'waiting for the first event', stream: true, faults: [{ hang: 'body' }], requests: 1 },
  { name: 'in the middle of a stream', stream: true, faults: [silentLater], requests: 1, reading: true },
  {
    name: 'in the middle of a shared stream',
    stream: true,
    options: { coalesce: true },
    faults: [silentLater],
    requests: 1,
    reading: true,
  },
  { name: 'under all layers, waiting for the headers', options: everything, faults: [silent], requests: 1 },
  {
    name: 'under all layers, in the middle of a stream',
    stream: true,
    options: everything,
    faults: [silentLater],
    requests: 1,
    reading: true,
  },
]

/** There are hundreds of these: looked at more often than `until` does. */
export async function soon(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await sleep(1))
    if (Date.now() > deadline) throw new Error('It did not come to pass.')
}

/** Resolves when a call has come to the moment. @param read bytes that its caller has read */
export async function reached({ requests, reading }: Moment, mock: Mock, read: () => number): Promise<void> {
  await soon(() => mock.requests.length === requests && (!reading || read() > 0))
  // What comes next shows nowhere: it has the time to happen.
  await sleep(10)
}

/** Brings the call before, if there is one, to where it is wanted. */
export async function prepare({ before }: Moment, mock: Mock, ask: () => Promise<unknown>): Promise<void> {
  if (before === undefined) return
  const first = ask()
  if (before === 'ended') await first
  else await soon(() => mock.requests.length === 1)
}

/** The leash has nothing more to do for this call. */
export function reportsOf(leash: Leash): { ended: boolean; attempts: readonly { outcome: string }[] }[] {
  const reports: { ended: boolean; attempts: readonly { outcome: string }[] }[] = []
  leash.on('result', (report) => reports.push(report))
  return reports
}
