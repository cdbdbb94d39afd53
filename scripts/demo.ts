/**
 * The main job, shown: one client, every vendor, over real sockets. Mock vendors on this machine answer for every vendor
 * whose key is not in the environment; the others answer themselves.
 */
import { styleText } from 'node:util'
import { LeashLLM, type Report, reportOf } from 'leashllm'
import { readiness } from 'leashllm/leash'
import { mockProviders, startMock } from 'leashllm/testing'

const vendors = {
  openai: 'gpt-4o-mini',
  anthropic: 'claude-sonnet-5-5',
  google: 'gemini-2.5-flash',
  vertex: 'gemini-2.5-flash',
  bedrock: 'amazon.nova-lite-v1:0',
  azure: 'gpt-4o-mini',
  mistral: 'mistral-small-latest',
}

const mock = await startMock()
const real = new Set(readiness().flatMap(({ provider, configured }) => (configured ? [provider] : [])))
const mocked = Object.fromEntries(Object.entries(mockProviders(mock.url)).filter(([name]) => !real.has(name)))
const client = new LeashLLM({ providers: mocked, ...(!real.has('openai') && { apiKey: 'mock', baseURL: `${mock.url}/v1` }) })

const title = (text: string) => console.log(`\n${styleText('bold', text)}`)
const cell = (text: unknown, width: number) =>
  String(text ?? '')
    .slice(0, width)
    .padEnd(width)
const tokens = ({ usage }: Report) =>
  usage ? `${usage.input + usage.cacheRead} in, ${usage.output + usage.reasoning} out` : 'not told'

title('1. One call, every vendor')
console.log(
  styleText('dim', `   ${cell('provider', 10)} ${cell('model', 24)} ${cell('spoken to as', 20)} ${cell('tokens', 16)} answer`),
)
for (const [provider, model] of Object.entries(vendors)) {
  const answer = await client.chat.completions.create({
    model: `${provider}/${model}`,
    messages: [{ role: 'user', content: 'Say hello.' }],
  })
  const report = answer.leash as Report
  const said = answer.choices[0]?.message.content?.replaceAll('\n', ' ')
  const who = real.has(provider) ? '' : styleText('dim', ' (mock)')
  console.log(
    `   ${cell(provider, 10)} ${cell(model, 24)} ${cell(report.attempts[0]?.protocol, 20)} ${cell(tokens(report), 16)} ${cell(said, 30).trimEnd()}${who}`,
  )
}

title('2. A stream, from Claude, in OpenAI’s words')
const stream = await client.chat.completions.create({
  model: 'anthropic/claude-sonnet-5-5',
  messages: [{ role: 'user', content: 'Tell me of a river in ten words.' }],
  stream: true,
})
process.stdout.write('   ')
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
console.log(styleText('dim', `\n   ${tokens(await reportOf(stream))}`))

title('3. A tool call, by Gemini, run by OpenAI’s tool runner')
const runner = client.chat.completions.runTools({
  model: 'google/gemini-2.5-flash',
  messages: [{ role: 'user', content: 'What is the weather in Lisbon?' }],
  tools: [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The weather in a city, now.',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        parse: (text: string): { city: string } => JSON.parse(text),
        function: ({ city }: { city: string }) => {
          console.log(`   get_weather(${JSON.stringify(city)}) was called`)
          return `Sunny in ${city}, 24 degrees.`
        },
      },
    },
  ],
})
console.log(`   ${(await runner.finalContent())?.replaceAll('\n', ' ')}`)

title('4. A failure and its retry (a mock vendor that is busy once)')
mock.reset()
mock.script({ status: 429, headers: { 'retry-after-ms': '120' } })
const busy = new LeashLLM({ providers: mockProviders(mock.url), apiKey: 'mock', baseURL: `${mock.url}/v1` })
busy.leash.on('retry', ({ error, delayMs }) => console.log(`   ${error}: asked to wait ${Math.round(delayMs)} ms`))
const second = await busy.chat.completions.create({
  model: 'anthropic/claude-sonnet-5-5',
  messages: [{ role: 'user', content: 'Are you there?' }],
})
for (const [index, attempt] of second.leash?.attempts.entries() ?? []) {
  const ending = attempt.outcome === 'ok' ? styleText('green', 'ok') : styleText('red', attempt.error ?? attempt.outcome)
  console.log(`   attempt ${index + 1}: ${attempt.provider} ${attempt.status} ${ending} after ${attempt.durationMs} ms`)
}

console.log(`\nEvery call went over a real socket from this process to the vendor, with nobody in between.`)
await mock.close()
