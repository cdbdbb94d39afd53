/**
 * CPU of a call whose answer is given again, as a ratio to bare `openai` over a transport in memory. Each prompt is asked
 * in turn with others of its length, so that none is the last one that was asked.
 *
 * node bench/cache.ts [rounds]
 */
import { LeashLLM } from 'leashllm'
import OpenAI from 'openai'
import { cpuPerCall, inRounds, printRows } from './rounds.ts'
import { inMemory } from './transport.ts'

const rounds = Number(process.argv[2] ?? 41)
const apiKey = 'bench'
const model = 'gpt-4o-mini'

interface Client {
  readonly name: string
  readonly client: OpenAI
}

const clients: readonly Client[] = [
  { name: 'openai', client: new OpenAI({ apiKey, fetch: inMemory }) },
  { name: 'leashllm, a hit', client: new LeashLLM({ apiKey, fetch: inMemory, cache: { ttlMs: 86_400_000 } }) },
]

console.log(`CPU per answer that is given again: node ${process.version}, ${rounds} interleaved rounds\n`)

for (const kB of [1, 10, 100]) {
  const prompts = Array.from({ length: 20 }, (_, n) => `${n} ${'All work and no play makes a dull prompt. '.repeat(kB * 24)}`)
  for (const stream of [false, true]) {
    const ask = stream ? readStream : readWhole
    for (const { client } of clients) for (const prompt of prompts) await ask(client, prompt)
    const calls = stream ? 80 : 800 / Math.sqrt(kB)
    const rows = await inRounds(rounds, clients, ({ client }) => {
      let at = 0
      return cpuPerCall(calls, () => ask(client, prompts[at++ % prompts.length] ?? ''))
    })
    printRows(`${stream ? '100-chunk stream' : 'whole answer'}, ${kB} kB prompt`, 'µs', rows)
  }
}

async function readWhole(client: OpenAI, content: string): Promise<void> {
  const { choices } = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })
  if (choices[0]?.message.content?.length !== 500) throw new Error('An answer is not the one that was kept.')
}

async function readStream(client: OpenAI, content: string): Promise<void> {
  let length = 0
  const stream = await client.chat.completions.create({ model, messages: [{ role: 'user', content }], stream: true })
  for await (const { choices } of stream) length += choices[0]?.delta.content?.length ?? 0
  if (length !== 690) throw new Error(`An answer is not the one that was kept: ${length}.`)
}
