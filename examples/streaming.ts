import { LeashLLM, reportOf } from 'leashllm'

const client = new LeashLLM()

const stream = await client.chat.completions.create({
  model: 'claude-sonnet-5-5',
  messages: [{ role: 'user', content: 'Count slowly to five.' }],
  stream: true,
})

for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

const report = await reportOf(stream)
console.log(`\n${report.provider}, first token after ${report.attempts[0]?.firstTokenMs} ms`)
