import { LeashLLM } from 'leashllm'

const client = new LeashLLM({ cache: { ttlMs: 60_000 } })

const ask = (tenant: string) =>
  client.chat.completions.create(
    { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'How tall is a giraffe?' }] },
    { leash: { tenant } },
  )

// The second question is answered without asking anybody. Another tenant's is not.
for (const tenant of ['acme', 'acme', 'globex']) {
  const { leash, choices } = await ask(tenant)
  console.log(`${tenant}: ${leash?.cache}, ${leash?.attempts.length} attempts, ${choices[0]?.message.content}`)
}

const { hits, misses, savedUsd } = await client.leash.cache.stats()
console.log(`${hits} hit, ${misses} misses, ${savedUsd} dollars saved`)
