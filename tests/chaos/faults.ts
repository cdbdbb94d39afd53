/** What goes wrong at a mock, drawn anew for each request: by the seed, the prompt and how often that prompt came there. */
import type { Fault, RecordedRequest } from '../../src/testing/index.js'

/** Every way that a mock can be scripted to fail in, and all that its members can say. */
const faults: Readonly<Record<string, Fault>> = {
  'refused as wrong': { status: 400 },
  'no model': { status: 404 },
  'limit reached': { status: 429, retryAfter: 0.01 },
  'internal error': { status: 500 },
  'bad gateway': { status: 502, body: '<html>bad gateway</html>' },
  overloaded: { status: 503, headers: { 'retry-after-ms': '5' } },
  'no JSON': { body: 'out of order', headers: { 'content-type': 'application/json' } },
  reset: { reset: true },
  'reset late': { reset: true, latencyMs: 20 },
  'cut by bytes': { cutAfter: { bytes: 30 } },
  'cut by events': { cutAfter: { events: 4 } },
  'no headers': { hang: 'headers' },
  'no body': { hang: 'body' },
  'silent in the stream': { hang: { afterEvents: 4 } },
  slow: { latencyMs: 80 },
  'slow stream': { chunkDelayMs: 10 },
  crumbs: { chunkBytes: 7 },
  malformed: { malformed: true },
  'error in the stream': { errorInStream: {} },
  'error at its begin': { errorInStream: { after: 0, status: 429 } },
  'no end': { endWithoutTerminal: true },
}

const names = Object.keys(faults)

/** What is drawn from. A silence lasts until somebody's patience ends, and so is rarer than the others. */
const lots = names.flatMap((name) => (faults[name]?.hang ? [name] : [name, name, name]))

export interface Chaos {
  /** For the script of one mock. */
  readonly script: readonly Fault[]
  /** How many requests met each fault. */
  readonly met: ReadonlyMap<string, number>
}

/** @param share of the requests that something goes wrong with, from 0 to 1 */
export function chaos(seed: string, share: number, promptOf: (request: RecordedRequest) => number): Chaos {
  const drawn = new WeakMap<RecordedRequest, string | undefined>()
  const came = new Map<number, number>()
  const met = new Map<string, number>()
  const draw = (request: RecordedRequest): string | undefined => {
    if (drawn.has(request)) return drawn.get(request)
    const prompt = promptOf(request)
    const time = came.get(prompt) ?? 0
    came.set(prompt, time + 1)
    const random = randomOf(`${seed} ${prompt} ${time}`)
    const name = random < share ? lots[Math.floor((random / share) * lots.length)] : undefined
    drawn.set(request, name)
    if (name) met.set(name, (met.get(name) ?? 0) + 1)
    return name
  }
  return { met, script: names.map((name) => ({ ...faults[name], when: (request) => draw(request) === name })) }
}

export const faultNames: readonly string[] = names

/** From 0 to 1, the same for the same text: FNV-1a, its bits mixed as MurmurHash3 ends. */
export function randomOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
