import { LeashLLM } from 'leashllm'

const client = new LeashLLM({
  routes: {
    cheap: { targets: ['anthropic/claude-opus-4-5', 'openai/gpt-4o-mini'], prefer: 'cost' },
    agent: { targets: [{ model: 'openai/gpt-4o', when: { tools: true } }, 'google/gemini-2.5-flash'], fallback: true },
  },
})

// One name in the code; which model that is, the route decides for each call, and the report says why.
for (const model of ['cheap', 'agent']) {
  const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] })
  console.log(`${model}: ${answer.leash?.route?.target}, ${answer.leash?.route?.why}`)
}
