import { LeashLLM } from 'leashllm'

const client = new LeashLLM()

// One code, four vendors: only the model's name changes.
for (const model of ['gpt-4o-mini', 'claude-sonnet-5-5', 'gemini-2.5-flash', 'bedrock/amazon.nova-lite-v1:0']) {
  const answer = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'Which model are you?' }],
  })
  console.log(`${answer.leash?.provider}: ${answer.choices[0]?.message.content}`)
}
