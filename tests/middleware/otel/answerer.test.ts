/** Who is named in what is measured: the one that answered, by a name that is no prompt. */
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { createLeash } from '../../../src/leash.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { useOtlp } from '../../helpers/otlp.js'

const mock = useMock()
const otlp = useOtlp()

async function ask(model: string, stream: boolean): Promise<void> {
  const { tracerProvider, meterProvider } = otlp
  const leash = createLeash({
    providers: mockProviders(mock.url),
    retry: false,
    fallback: ['claude-haiku-4-5'],
    telemetry: { tracerProvider, meterProvider },
  })
  const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'one two three four five' }] })
  const response = await leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
  await response.text()
  await leash.close()
}

test('the pieces of a stream are counted for whom the call fell back to', async () => {
  mock.script({ status: 500, when: ({ path }) => path.includes('chat/completions') })
  await ask('gpt-4.1', true)
  const points = (await otlp.metrics()).get('gen_ai.client.operation.time_per_output_chunk')?.points
  expect(points?.map(({ attributes }) => attributes['gen_ai.provider.name'])).toEqual(['anthropic'])
})

test('a text that was passed in the place of a model is told nowhere whole', async () => {
  const prompt = 'secret '.repeat(1000)
  await ask(`openai/${prompt}`, false)
  const points = [...(await otlp.metrics()).values()].flatMap((metric) => metric.points)
  const told = [...points, ...(await otlp.spans())].flatMap(({ attributes }) => Object.values(attributes))
  expect(told.filter((value) => String(value).length > 200)).toEqual([])
})

test.each([
  ['https://api.openai.com/v1', 'api.openai.com', 443],
  ['http://models.acme.example/v1', 'models.acme.example', 80],
  ['https://models.acme.example:8443/v1', 'models.acme.example', 8443],
])('a call of a vendor’s own SDK says where it was going, and its attempt where it went: %s', async (baseURL, address, port) => {
  const { tracerProvider, meterProvider } = otlp
  const message = { role: 'assistant', content: 'Hi.' }
  const answer = { id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4.1', choices: [{ index: 0, message }] }
  const leash = createLeash({ telemetry: { tracerProvider, meterProvider } })
  const client = leash.wrap(new OpenAI({ apiKey: 'k', baseURL, fetch: async () => Response.json(answer) }))
  await client.chat.completions.create({ model: 'gpt-4.1', messages: [{ role: 'user', content: 'Hello' }] })
  const told = { 'server.address': address, 'server.port': port }
  expect(await otlp.spans()).toMatchObject([{ attributes: told }, { attributes: told }])
})
