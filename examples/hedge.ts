import { setTimeout as pause } from 'node:timers/promises'
import { LeashLLM } from 'leashllm'

// A vendor that takes five seconds over every fourth answer, so that there is something to see.
let requests = 0
const client = new LeashLLM({
  hedge: { delayMs: 200, maxShare: 0.5 },
  fetch: async (url, init) => {
    if (++requests % 4 === 0) await pause(5000, undefined, { signal: init?.signal ?? undefined })
    return fetch(url, init)
  },
})

// The late attempt gets company after 200 ms. The one that answers first wins; the other is cancelled, and stands in the report.
for (let call = 1; call <= 4; call++) {
  const answer = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: `What is ${call} squared?` }],
  })
  const attempts = answer.leash?.attempts ?? []
  console.log(
    `call ${call}: ${attempts.map(({ hedged, outcome }) => (hedged ? `second ${outcome}` : `first ${outcome}`)).join(', ')}`,
  )
}
