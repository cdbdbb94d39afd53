import { LeashLLM } from 'leashllm'

const client = new LeashLLM({
  circuitBreaker: { consecutive: 2 },
  health: { intervalMs: 10_000, providers: { openai: {}, anthropic: { path: '/v1/models?limit=1' } } },
})
client.leash.on('probe', ({ provider, ok, status, latencyMs }) => {
  console.log(`${provider}: ${ok ? 'answers' : 'does not answer'} (${status ?? 'no status'}, ${latencyMs} ms)`)
})

// What calls came to, and what the probes found. To look sends nothing.
await client.chat.completions.create({ model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'Hello' }] })
const { targets, providers } = client.leash.health()
for (const { target, state, calls, failures } of targets) console.log(`${target} is ${state}: ${failures} of ${calls} failed`)
for (const { name, ready, missing } of providers) if (!ready) console.log(`${name}: ${missing}`)

// Hold a provider open by hand: nothing is sent there until it is let go of.
await client.leash.breaker('anthropic', 'open')
console.log(client.leash.health().targets.map(({ target, state, forced }) => `${target} is ${state}, ${forced ?? 'by itself'}`))
await client.leash.close()
