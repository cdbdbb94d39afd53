import { ToolLoopAgent, tool } from 'ai'
import { createLeashProvider, reportIn } from 'leashllm/ai-sdk'
import { z } from 'zod'

// Every model that the leash reaches. When Claude cannot answer, GPT does, and the history goes along.
const leash = createLeashProvider({ fallback: ['gpt-4.1-mini'], timeouts: { attemptMs: 60_000 } })

const weather = tool({
  description: 'The weather in a city, now.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `It is sunny in ${city}, 24 degrees.`,
})

// It asks, runs what is called, and asks again until nothing is called any more.
const agent = new ToolLoopAgent({
  model: leash('claude-sonnet-5-5'),
  instructions: 'You know the weather.',
  tools: { weather },
  maxOutputTokens: 2000,
  providerOptions: { leash: { tags: { app: 'weather' } } },
})

const { text, steps } = await agent.generate({ prompt: 'What is the weather in Lisbon?' })
for (const step of steps) {
  const report = reportIn(step)
  console.log(`${report?.provider}/${report?.model}: ${report?.usage?.output} tokens written, ${report?.cost?.usd} $`)
  for (const { toolName, input } of step.toolCalls) console.log(`${toolName}(${JSON.stringify(input)})`)
}
console.log(text)

const { textStream } = await agent.stream({ prompt: 'And in Porto?' })
for await (const piece of textStream) process.stdout.write(piece)
console.log()
console.log(leash.leash.usage({ by: 'model' }))
