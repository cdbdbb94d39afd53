/**
 * What hedging does to the slowest answers, and what it costs: calls over a socket to a mock that takes its time with one
 * answer in twenty, with and without it in turn. The same draws decide for both which answers are slow.
 *
 * node bench/hedge.ts [calls of each]
 */
import { LeashLLM } from 'leashllm'
import { type MockUpstream, mockProviders, startMock } from 'leashllm/testing'
import { printTable, quantile } from './rounds.ts'

const calls = Number(process.argv[2] ?? 3000)
const atOnce = 8
const quickMs = 50
const slowMs = 1000
const slowShare = 0.05
/** Of the p99 without hedging; and of the calls, beyond one each. */
const targets = { p99: 0.5, extra: 0.07 }

interface Contender {
  readonly name: string
  readonly mock: MockUpstream
  readonly client: LeashLLM
  readonly took: number[]
}

async function open(name: string, hedge: boolean): Promise<Contender> {
  const mock = await startMock()
  const random = drawing(20261121)
  mock.script({ latencyMs: slowMs, when: () => random() < slowShare }, { latencyMs: quickMs, when: () => true })
  const { baseURL, apiKey } = mockProviders(mock.url).openai
  return { name, mock, client: new LeashLLM({ baseURL, apiKey, hedge }), took: [] }
}

/** Mulberry32: the same numbers in every run. */
function drawing(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

async function send({ client, took }: Contender, many: number): Promise<void> {
  let left = many
  const caller = async () => {
    while (left-- > 0) {
      const began = performance.now()
      const { choices } = await client.chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'Say it.' }],
      })
      took.push(performance.now() - began)
      if (!choices[0]?.message.content) throw new Error('An answer was empty.')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
}

const contenders = [await open('without', false), await open('with hedging', true)]
const block = 200
for (let sent = 0; sent < calls; sent += block)
  for (const contender of sent % (2 * block) === 0 ? contenders : contenders.toReversed())
    await send(contender, Math.min(block, calls - sent))

console.log(`Hedging: node ${process.version}, ${calls} calls each, ${atOnce} at once`)
console.log(`Answers take ${quickMs} ms; ${100 * slowShare} % of them ${slowMs} ms\n`)
const [plain, hedged] = contenders.map(({ name, mock, took }) => {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((part) => quantile(took, part)) as [number, number, number]
  return { name, p50, p95, p99, requests: mock.requests.length, extra: mock.requests.length / calls - 1 }
})
for (const { mock } of contenders) await mock.close()
if (!plain || !hedged) throw new Error('Nobody was measured.')

const ms = (value: number) => `${value.toFixed(1)} ms`
const percent = (value: number) => `${(100 * value).toFixed(1)} %`
printTable(
  ['', 'p50', 'p95', 'p99', 'p99, ratio', 'requests', 'extra'],
  [plain, hedged].map(({ name, p50, p95, p99, requests, extra }) => [
    name,
    ms(p50),
    ms(p95),
    ms(p99),
    `${(p99 / plain.p99).toFixed(2)} ×`,
    String(requests),
    percent(extra),
  ]),
)
const met = hedged.p99 <= targets.p99 * plain.p99 && hedged.extra <= targets.extra
console.log(`${met ? 'MET' : 'MISSED'}: p99 ≤ ${targets.p99} ×, at ≤ ${percent(targets.extra)} extra calls`)
process.exitCode = met ? 0 : 1
