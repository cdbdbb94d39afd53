import { LeashLLM } from 'leashllm'

let underway = 0
let most = 0
const client = new LeashLLM({
  concurrency: { total: 2, tenant: 1, queue: { max: 100, waitMs: 10_000 } },
  fetch: async (url, init) => {
    most = Math.max(most, ++underway)
    return fetch(url, init).finally(() => underway--)
  },
})

async function ask(tenant: string, priority: 'high' | 'normal' | 'low'): Promise<void> {
  await client.chat.completions.create(
    { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] },
    { leash: { tenant, priority } },
  )
  console.log(`${tenant} (${priority})`)
}

// Two places, and one for each tenant. The others wait: those with a high priority in front, a batch job behind.
await Promise.all([
  ask('acme', 'normal'),
  ask('zeta', 'normal'),
  ask('acme', 'low'),
  ask('acme', 'low'),
  ask('zeta', 'normal'),
  ask('acme', 'high'),
])
console.log(`${most} at a time`)
