import { LeashLLM } from 'leashllm'
import { exponential } from 'leashllm/leash'

// A vendor that is busy twice before it answers, so that there is something to see.
let requests = 0
const client = new LeashLLM({
  retry: { attempts: 2, backoff: exponential({ baseMs: 50 }), on: { overloaded: { attempts: 5 } } },
  fetch: async (url, init) => {
    const isBusy = ++requests <= 2
    return isBusy ? Response.json({ error: { message: 'Busy.' } }, { status: 503 }) : fetch(url, init)
  },
})
client.leash.on('retry', ({ attempt, error, delayMs }) =>
  console.log(`try ${attempt} failed: ${error}; the next one in ${Math.round(delayMs)} ms`),
)

// Two tries would not have been enough: being overloaded has a policy of its own.
const answer = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Why is the sky blue?' }],
})
console.log(answer.choices[0]?.message.content)
console.log(answer.leash?.attempts.map(({ status, outcome }) => `${status} ${outcome}`))
