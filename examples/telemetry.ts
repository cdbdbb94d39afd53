import { LeashLLM } from 'leashllm'

// `telemetry` sends spans and metrics to whatever OpenTelemetry SDK the program has registered; here it has none, and nothing is made.
const client = new LeashLLM({
  telemetry: true,
  metrics: true,
  slo: { '*': { availability: 0.99, latencyMs: 5000 } },
})
client.leash.on('slo', ({ provider, objective, window }) => console.log(`${provider}: ${objective} of ${window} is spent`))

for (const model of ['gpt-4o-mini', 'claude-haiku-4-5']) {
  await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] })
}

// What Prometheus would scrape.
const text = await client.leash.metrics()
console.log(text.split('\n').filter((line) => /^leash_(requests|cost_usd)_total\{/.test(line)))

for (const { provider, objective, window, compliance } of await client.leash.slos())
  console.log(`${provider}: ${objective} of ${window} is ${compliance}`)
await client.leash.close()
