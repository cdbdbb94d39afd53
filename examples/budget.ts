import { LeashLLM } from 'leashllm'
import { APIError } from 'openai'

const client = new LeashLLM({
  budgets: [
    { name: 'team', limit: { usd: 50 }, per: 'month', by: 'tag:team', action: { downgrade: 'openai/gpt-4.1-nano' } },
    { name: 'user', limit: { requests: 2 }, per: 'day', by: 'user' },
  ],
})
client.leash.on('budget', (event) =>
  console.log(
    `${event.budget}: ${event.kind === 'threshold' ? `${event.threshold} %` : event.kind}, ${event.spent} of ${event.limit} ${event.unit}`,
  ),
)

// Before each call the most that it could use is set aside: the third one does not fit, and nothing is sent.
for (const question of ['Which planet has the most moons?', 'And the fewest?', 'And the largest?']) {
  try {
    const answer = await client.chat.completions.create(
      { model: 'gpt-4.1-mini', max_completion_tokens: 200, messages: [{ role: 'user', content: question }] },
      { leash: { user: 'ann', tags: { team: 'search' } } },
    )
    console.log(answer.choices[0]?.message.content)
  } catch (error) {
    if (!(error instanceof APIError) || error.code !== 'budget_exceeded') throw error
    console.log(error.message)
  }
}

// One call may have a budget of its own: its answer is made to fit.
const short = await client.chat.completions.create(
  { model: 'gpt-4.1', messages: [{ role: 'user', content: 'Tell me all about moons.' }] },
  { leash: { user: 'bob', budgetUsd: 0.01 } },
)
console.log(short.leash?.warnings)
console.log(await client.leash.budgets())
