import { LeashLLM } from 'leashllm'
import { RateLimitError } from 'openai'

const client = new LeashLLM({
  rateLimit: [
    { name: 'calls', limit: { requests: 2 }, per: 'minute' },
    { name: 'tokens', limit: { tokens: 100_000, usd: 5 }, per: 'day', by: 'user', algorithm: 'fixed-window' },
  ],
})

// Each tenant has limits of its own: the third call of "acme" is refused before anything is sent, and "zeta" is not held up.
for (const tenant of ['acme', 'acme', 'acme', 'zeta']) {
  try {
    const { response } = await client.chat.completions
      .create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }, { leash: { tenant, user: 'ann' } })
      .withResponse()
    console.log(`${tenant}: ${response.headers.get('x-leash-ratelimit-remaining-requests')} calls are left in this minute`)
  } catch (error) {
    if (!(error instanceof RateLimitError)) throw error
    console.log(`${tenant}: ${error.message}`)
    console.log(`${tenant}: may come again in ${error.headers?.get('retry-after')} s`)
  }
}
