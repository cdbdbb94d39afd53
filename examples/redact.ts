import { LeashLLM } from 'leashllm'

let sent = ''
const client = new LeashLLM({
  redact: { entities: { US_SSN: 'block' } },
  fetch: (url, init) => {
    sent = String(init?.body)
    return fetch(url, init)
  },
})
client.leash.on('policy', ({ action, found }) => console.log(action, found))

// The vendor reads a placeholder, and the answer is about the person all the same.
const stream = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'Invite ada@example.org to lunch, and call +44 20 7946 0958.' }],
  stream: true,
})
for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? '')
console.log(`\nsent: ${sent}`)

// Some things are not to be asked at all.
await client.chat.completions
  .create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'My SSN is 536-22-8145.' }] })
  .catch((error) => console.log(error.message))
