import { LeashLLM } from 'leashllm'
import { memory, redis } from 'leashllm/stores'

// With a Redis, these could be two processes on two machines.
const { REDIS_URL } = process.env
const store = REDIS_URL ? redis({ url: REDIS_URL }) : memory()
const options = { store, cache: true, rateLimit: [{ limit: { requests: 3 }, per: 'minute' as const }] }
const clients = { blue: new LeashLLM(options), green: new LeashLLM(options) }

// What one was answered, the other has at hand; and both take from one limit.
for (const question of ['How tall is a giraffe?', 'How old is a tortoise?']) {
  for (const [name, client] of Object.entries(clients)) {
    try {
      const messages = [{ role: 'user' as const, content: question }]
      const { leash } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
      console.log(`${name}: ${question} ${leash?.cache}`)
    } catch (error) {
      console.log(`${name}: ${question} ${error instanceof Error ? error.message : error}`)
    }
  }
}

for (const client of Object.values(clients)) await client.leash.close()
await store.close()
