/**
 * Memory over many calls that share one AbortSignal which lives as long as the process: 100,000 whole answers, then
 * 20,000 streams that their caller leaves after the first word, by `abort()` and by `break` in turn. Nothing may grow.
 *
 * node bench/soak.ts [leashllm | openai] [part of the calls, such as 0.1]
 */
import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { LeashLLM } from 'leashllm'
import OpenAI from 'openai'
import { collect } from './gc.ts'
import { held } from './held.ts'
import { printTable } from './rounds.ts'
import { inMemory } from './transport.ts'

const [name = 'leashllm', part = '1'] = process.argv.slice(2)
const options = { apiKey: 'bench', fetch: inMemory }
const client = name === 'openai' ? new OpenAI(options) : new LeashLLM(options)
const { signal } = new AbortController()
const request = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Say a hundred words.' }] }

async function unary(): Promise<void> {
  const { choices } = await client.chat.completions.create(request, { signal })
  if (!choices[0]?.message.content) throw new Error('An answer was empty.')
}

async function aborted(call: number): Promise<void> {
  const stream = await client.chat.completions.create({ ...request, stream: true }, { signal })
  let words = 0
  for await (const { choices } of stream) {
    if (!choices[0]?.delta.content) continue
    words++
    if (call % 2 === 0) break
    stream.controller.abort()
  }
  // What had been read when the caller aborted may still be handed on.
  if (words === 0 || words > 3) throw new Error(`A stream that was left gave ${words} words.`)
}

/**
 * A transport in memory never goes through the event loop, and without it no finaliser runs; V8's tables of weak keys
 * grow with the garbage between two collections and shrink long after. A turn of the loop and a collection now and then,
 * as in any program that has a network, so that what is measured is what is kept.
 */
async function runMany(run: (call: number) => Promise<void>, calls: number): Promise<void> {
  for (let call = 1; call <= calls; call++) {
    await run(call)
    if (call % 100 === 0) await setImmediate()
    if (call % 1000 === 0) collect()
  }
}

const jobs = [
  { name: 'unary', calls: 100_000, run: unary },
  { name: 'aborted streams', calls: 20_000, run: aborted },
]
/** Bytes that a job may leave behind in all: what the engine compiles late is some hundred kB, and comes once. */
const allowed = 1_000_000

const lines: string[][] = []
const faults: string[] = []
for (const { name, calls, run } of jobs) {
  const half = Math.round((calls * Number(part)) / 2)
  const measured: number[] = []
  let timers = 0
  for (const share of [Math.min(half, 10_000), half, half]) {
    await runMany(run, share)
    const now = await held()
    measured.push(now.heap)
    timers = now.timers
  }
  const [start = 0, middle = 0, end = 0] = measured
  const listeners = getEventListeners(signal, 'abort').length
  lines.push([
    name,
    String(2 * half),
    ...[start, middle, end].map(MB),
    ((end - start) / (2 * half)).toFixed(1),
    `${listeners}`,
    `${timers}`,
  ])
  if (end - start > allowed) faults.push(`the heap grew by ${MB(end - start)} over ${2 * half} calls (${name})`)
  if (listeners > 0) faults.push(`${listeners} listeners are left on the shared signal (${name})`)
  if (timers > 0) faults.push(`${timers} timers are left (${name})`)
}

console.log(`Soak of ${name}: node ${process.version}\n`)
printTable(['', 'calls', 'heap at start', 'middle', 'end', 'bytes per call', 'listeners', 'timers'], lines)
console.log(faults.length === 0 ? 'FLAT' : `NOT FLAT: ${faults.join('; ')}`)
process.exitCode = faults.length === 0 ? 0 : 1

function MB(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`
}
