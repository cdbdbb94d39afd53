import { createLeash } from 'leashllm/leash'

// A vendor whose answers are all failures, so that there is something to see.
const leash = createLeash({
  retry: false,
  circuitBreaker: { consecutive: 3 },
  fetch: async () => Response.json({ error: { message: 'Out of order.' } }, { status: 500 }),
})
leash.on('breaker', ({ target, from, to, because }) => console.log(`${target}: ${from} > ${to} (${because})`))

for (let call = 1; call <= 5; call++) {
  const { status, headers } = await leash.fetch('https://api.openai.com/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: 'Bearer key' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }),
  })
  console.log(`call ${call}: ${status} ${headers.get('x-leash-error')}`)
}
console.log(leash.health().targets)
