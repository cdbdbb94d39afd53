import { LeashLLM, reportOf } from 'leashllm'

// The first connection breaks after some 1500 bytes, so that there is something to see.
let requests = 0
const client = new LeashLLM({
  resume: true,
  fetch: async (url, init) => {
    const response = await fetch(url, init)
    return ++requests === 1 ? new Response(broken(response), response) : response
  },
})
client.leash.on('resume', ({ to, because }) => console.log(`\n[${because}: goes on at ${to}]`))

const stream = await client.chat.completions.create({
  model: 'claude-haiku-4-5',
  messages: [{ role: 'user', content: 'Say in one sentence what a leash is good for, and for whom, and then say it again.' }],
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

// One answer, two attempts, and what both of them used.
const { attempts, usage } = await reportOf(stream)
console.log(`\n${attempts.map(({ provider, outcome, error }) => `${provider}: ${error ?? outcome}`).join(', ')}`)
console.log(usage)

function broken({ body }: Response): ReadableStream<Uint8Array> {
  const reader = body?.getReader()
  let left = 1500
  return new ReadableStream({
    async pull(controller) {
      if (left <= 0) return controller.error(new TypeError('The connection was reset.'))
      const read = await reader?.read()
      if (!read?.value) return controller.close()
      controller.enqueue(read.value.subarray(0, left))
      left -= read.value.length
    },
  })
}
