import { LeashLLM } from 'leashllm'

const client = new LeashLLM()

// OpenAI's own tool runner, with Claude behind it.
const runner = client.chat.completions.runTools({
  model: 'claude-sonnet-5-5',
  messages: [{ role: 'user', content: 'What is the weather in Lisbon?' }],
  tools: [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The weather in a city, now.',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        parse: (text: string): { city: string } => JSON.parse(text),
        function: ({ city }: { city: string }) => `It is sunny in ${city}, 24 degrees.`,
      },
    },
  ],
})

console.log(await runner.finalContent())
