import { type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatLeash, reportIn } from 'leashllm/langchain'
import { createLeash } from 'leashllm/leash'
import { z } from 'zod'

// One leash for all models: when Claude cannot answer, GPT does, and the history goes along.
const leash = createLeash({ fallback: ['gpt-4.1-mini'], timeouts: { attemptMs: 60_000 } })
const model = new ChatLeash({ model: 'claude-sonnet-5-5', leash, maxTokens: 2000, call: { tags: { app: 'weather' } } })

const weather = tool(async ({ city }: { city: string }) => `It is sunny in ${city}, 24 degrees.`, {
  name: 'get_weather',
  description: 'The weather in a city, now.',
  schema: z.object({ city: z.string() }),
})

// An agent: it asks, runs what is called, and asks again until nothing is called any more.
const bound = model.bindTools([weather])
const messages: BaseMessage[] = [new HumanMessage('What is the weather in Lisbon?')]
for (let turn = 0; turn < 5; turn++) {
  const answer = await bound.invoke(messages)
  messages.push(answer)
  const report = reportIn(answer)
  console.log(`${report?.provider}/${report?.model}: ${report?.usage?.output} tokens written, ${report?.cost?.usd} $`)
  if (!answer.tool_calls?.length) break
  for (const { id, name, args } of answer.tool_calls) {
    console.log(`${name}(${JSON.stringify(args)})`)
    messages.push(await weather.invoke({ type: 'tool_call', name, args, ...(id !== undefined && { id }) }))
  }
}
console.log(messages.at(-1)?.text)

for await (const chunk of await model.stream('Name three rivers.')) process.stdout.write(chunk.text)
console.log()
