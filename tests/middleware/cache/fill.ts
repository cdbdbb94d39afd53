/** Fills a store in memory as the cache does, and prints what it takes of the machine. */
import { pack } from '../../../src/middleware/cache/kept.js'
import { memory } from '../../../src/stores/memory.js'

const kind = process.argv[2]
const maxEntries = 25_000
const limit = Number(process.argv[3]) * 1024 * 1024
const about = {
  at: Date.now(),
  ttlMs: 3_600_000,
  provider: 'openai',
  model: 'gpt-4.1',
  protocol: 'openai-chat',
  status: 200,
  headers: [['content-type', 'application/json']],
  usage: { input: 12, output: 100 },
} as const

async function used(): Promise<number> {
  // The bytes of what was collected are given back behind our backs.
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function fill(from: number): void {
  for (let n = from; n < from + maxEntries; n++) {
    const text = JSON.stringify({ n, choices: [{ message: { content: `${n} `.repeat(100) } }] })
    const content = kind === 'text' ? text : new TextEncoder().encode(text)
    store.set(`cache:1::${String(n).padStart(43, '0')}`, pack({ about, content }), 3_600_000)
  }
}

const before = await used()
const store = memory({ maxEntries, maxBytes: limit })
fill(0)
const { entries, bytes } = store.stats()
const measured = (await used()) - before
fill(maxEntries)
console.log(JSON.stringify({ entries, bytes, measured, peak: (await used()) - before, limit }))
