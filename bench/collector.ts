/**
 * What the relay's collector takes in: gzipped batches of 1,000 lines of the ledger over HTTP, into its embedded database. The relay
 * is a process of its own; the batches are made before the time runs.
 *
 * node bench/collector.ts [rounds] [connections]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { Pool } from 'undici'
import type { Told } from './relay-hosts.ts'
import { printTable, quantile } from './rounds.ts'

const linesOfBatch = 1000
const batchesOfRound = 40
const [rounds = 5, connections = 4] = process.argv.slice(2).map(Number)

const host = fork(fileURLToPath(new URL('relay-hosts.ts', import.meta.url)), ['relay', '1'], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})
const [{ port, key }] = (await once(host, 'message')) as [Told]
const pool = new Pool(`http://127.0.0.1:${port}`, { connections })

console.log(`node ${process.version}, ${rounds} rounds of ${batchesOfRound * linesOfBatch} lines, ${connections} connections\n`)
const [perSecond, cpu]: [number[], number[]] = [[], []]
// The first round is not counted: it is when the relay's code becomes fast.
for (let round = 0; round <= rounds; round++) {
  const batches = Array.from({ length: batchesOfRound }, (_, at) => batch(round * batchesOfRound + at))
  const before = await cpuSoFar()
  const start = performance.now()
  await Promise.all(Array.from({ length: connections }, () => send(batches)))
  const seconds = (performance.now() - start) / 1000
  const used = (await cpuSoFar()) - before
  if (round === 0) continue
  perSecond.push((batchesOfRound * linesOfBatch) / seconds)
  cpu.push(used / (batchesOfRound * linesOfBatch))
}
printTable(
  ['the collector', 'median', 'half of the rounds'],
  [
    ['lines taken into the ledger in a second', ...shown(perSecond, 0)],
    ['CPU of the relay for a line, µs', ...shown(cpu, 1)],
  ],
)
host.disconnect()
process.exit()

async function send(batches: Buffer[]): Promise<void> {
  for (let body = batches.pop(); body; body = batches.pop()) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const answer = await pool.request({ method: 'POST', path: '/v1/usage', headers, body })
    const told = (await answer.body.json()) as { readonly taken?: number }
    if (told.taken !== linesOfBatch) throw new Error(`A batch was not taken whole: ${answer.statusCode} ${JSON.stringify(told)}`)
  }
}

/** As clients send them: of some users, models and teams, within some hours. */
function batch(count: number): Buffer {
  const now = Date.now()
  const lines = Array.from({ length: linesOfBatch }, (_, at) => {
    const id = `01KAPH6Y9GWZ${count.toString(36)}x${at.toString(36)}`
    return {
      ...{ id: `${id}/1`, callId: id, attempt: 1, at: now - (at % 3) * 3_600_000, durationMs: 812 + at, user: `user-${at % 20}` },
      ...{
        tags: { team: `team-${at % 5}` },
        provider: at % 2 ? 'openai' : 'anthropic',
        model: at % 2 ? 'gpt-5-mini' : 'claude-sonnet-5',
      },
      ...{
        protocol: 'openai-chat',
        outcome: 'ok',
        status: 200,
        basis: 'complete',
        cost: 1_234_567 + at,
        priceVersion: '2026-11-21',
      },
      usage: {
        input: 1200 + at,
        cacheRead: 0,
        cacheWrite: 0,
        cacheWrite1h: 0,
        audioInput: 0,
        output: 180,
        reasoning: 0,
        audioOutput: 0,
      },
    }
  })
  return gzipSync(JSON.stringify({ lines }))
}

async function cpuSoFar(): Promise<number> {
  host.send('cpu')
  const [microseconds] = (await once(host, 'message')) as [number]
  return microseconds
}

function shown(values: readonly number[], digits: number): string[] {
  const at = (part: number) => quantile(values, part).toFixed(digits)
  return [at(0.5), `${at(0.25)} to ${at(0.75)}`]
}
