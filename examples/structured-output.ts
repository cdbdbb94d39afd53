import { LeashLLM } from 'leashllm'
import { zodResponseFormat } from 'openai/helpers/zod'
import { z } from 'zod'

const client = new LeashLLM()

const Invoice = z.object({ number: z.string(), total: z.number(), currency: z.enum(['EUR', 'USD']) })

// Each vendor's own means are used: `response_format`, `output_config`, `responseJsonSchema`.
const answer = await client.chat.completions.parse({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Invoice 2041 over 199 euros.' }],
  response_format: zodResponseFormat(Invoice, 'invoice'),
})

console.log(answer.choices[0]?.message.parsed)
