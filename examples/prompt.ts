import { LeashLLM, prompt } from 'leashllm'

// A prompt is data with gaps; the compiler knows their names.
const capital = prompt({
  model: 'gpt-4o-mini',
  temperature: 0,
  messages: [{ role: 'user', content: 'What is the capital of {{country}}? Answer in {{language}}.' }],
})

const client = new LeashLLM()
for (const country of ['France', 'Japan']) {
  const answer = await client.chat.completions.create(capital({ country, language: 'English' }))
  console.log(`${country}: ${answer.choices[0]?.message.content}`)
}
