import { LeashLLM } from 'leashllm'

const client = new LeashLLM({
  routes: {
    writer: {
      targets: ['openai/gpt-4o-mini', 'anthropic/claude-haiku-4-5'],
      sticky: 'user',
      experiment: { goal: 'score', minimumSample: 10, automatic: true },
    },
  },
})
client.leash.on('experiment', ({ winner }) => console.log(`The winner is ${winner}.`))

// Thirty users, each of whom always gets the same model. Those who got Claude are happier.
for (let user = 1; user <= 30; user++) {
  const answer = await client.chat.completions.create(
    { model: 'writer', messages: [{ role: 'user', content: 'A line on autumn.' }] },
    { leash: { user: `user-${user}` } },
  )
  const { leash } = answer
  if (leash) client.leash.score(leash, leash.provider === 'anthropic' ? 4 + Math.random() : 3 + Math.random())
}

for (const { target, calls, score } of (await client.leash.experiments())[0]?.variants ?? []) {
  console.log(`${target}: ${calls} calls, score ${score?.mean.toFixed(2)}`)
}
