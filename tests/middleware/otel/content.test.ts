/** Content in spans, where modules stand between it and the caller. */
import { expect, test } from 'vitest'
import { createLeash, type LeashOptions } from '../../../src/leash.js'
import { defineModule, redact } from '../../../src/modules/index.js'
import { mockProviders } from '../../../src/testing/index.js'
import { useMock } from '../../helpers/mock.js'
import { useOtlp } from '../../helpers/otlp.js'

const mock = useMock()
const otlp = useOtlp()
const chunk = () => undefined
const transformer = defineModule({ name: 'shout', kind: 'transformer', chunk })

test.each<readonly [string, LeashOptions['modules'], boolean, RegExp | undefined]>([
  ['puts back what it took out', [redact()], false, /Write to <EMAIL/],
  ['puts back what it took out, of a stream', [redact()], true, /Write to <EMAIL/],
  ['edits answers', [redact({ response: 'mask' })], false, undefined],
  ['edits answers, of a stream', [redact({ response: 'mask' })], true, undefined],
  ['may transform answers', [transformer], true, undefined],
  ['may refuse answers', [defineModule({ name: 'judge', kind: 'policy', chunk })], true, /Write to ada/],
])('an answer under a module that %s', async (_, modules = [], stream, told) => {
  const { tracerProvider, meterProvider } = otlp
  const leash = createLeash({
    providers: mockProviders(mock.url),
    modules,
    telemetry: { tracerProvider, meterProvider, content: true },
  })
  const body = { model: 'gpt-4.1', stream, messages: [{ role: 'user', content: 'Write to ada@example.com about it' }] }
  const request = new Request('http://leash.test/v1/chat/completions', { method: 'POST', body: JSON.stringify(body) })
  await (await leash.handle(request)).text()
  const span = (await otlp.spans()).find(({ name }) => name.startsWith('chat '))
  expect(span?.attributes['gen_ai.input.messages']).toMatch(/Write to/)
  expect(span?.attributes['gen_ai.output.messages']).toEqual(told ? expect.stringMatching(told) : undefined)
  await leash.close()
})

test('of what goes on from an earlier response the new words are told', async () => {
  const { tracerProvider, meterProvider } = otlp
  const leash = createLeash({ providers: mockProviders(mock.url), telemetry: { tracerProvider, meterProvider, content: true } })
  const body = { model: 'gpt-4.1', input: 'And the moons?', previous_response_id: 'resp_1' }
  const request = new Request('http://leash.test/v1/responses', { method: 'POST', body: JSON.stringify(body) })
  await (await leash.handle(request)).text()
  const span = (await otlp.spans()).find(({ name }) => name.startsWith('chat '))
  expect(span?.attributes['gen_ai.input.messages']).toContain('And the moons?')
  await leash.close()
})

test('of a message that is too long the last parts are told', async () => {
  const { tracerProvider, meterProvider } = otlp
  const leash = createLeash({ providers: mockProviders(mock.url), telemetry: { tracerProvider, meterProvider, content: true } })
  const content = Array.from({ length: 40 }, (_, at) => ({ type: 'text', text: `${at} ${'x'.repeat(10_000)}` }))
  const body = { model: 'gpt-4.1', messages: [{ role: 'user', content }] }
  const request = new Request('http://leash.test/v1/chat/completions', { method: 'POST', body: JSON.stringify(body) })
  await (await leash.handle(request)).text()
  const span = (await otlp.spans()).find(({ name }) => name.startsWith('chat '))
  const [message, ...others] = JSON.parse(String(span?.attributes['gen_ai.input.messages']))
  expect(others).toEqual([])
  expect(message.role).toBe('user')
  expect(message.parts.length).toBeGreaterThan(20)
  expect(message.parts.at(-1).content).toMatch(/^39 x/)
  await leash.close()
})
