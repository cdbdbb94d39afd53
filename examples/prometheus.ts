import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LeashLLM } from 'leashllm'
import { Counter, register } from 'prom-client'

// Beside what the program counts itself. Without prom-client: `metrics: true`, and `client.leash.metrics()` is the text.
const client = new LeashLLM({ metrics: { registry: register }, cache: true })
const questions = new Counter({ name: 'questions_total', help: 'Questions that were asked.' })

for (const country of ['Peru', 'Chile', 'Peru']) {
  questions.inc()
  const messages = [{ role: 'user' as const, content: `What is the capital of ${country}?` }]
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages }, { leash: { tenant: 'geography' } })
}

const server = createServer(async (_, response) => {
  response.setHeader('content-type', register.contentType)
  response.end(await register.metrics())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

// What Prometheus does every few seconds.
const { port } = server.address() as AddressInfo
const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
console.log(text.split('\n').filter((line) => /^(questions|leash_(requests|cache_requests|tenant_cost_usd))_total/.test(line)))

server.close()
await client.leash.close()
