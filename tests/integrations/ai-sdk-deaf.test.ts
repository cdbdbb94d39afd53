/** Models of the AI SDK that go on, or fall silent, when they are told to stop. */
import { MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { fromAiSdk } from '../../src/integrations/ai-sdk.js'
import { createLeash, type Report, type Timeouts } from '../../src/leash.js'
import { until } from '../helpers/mock.js'

const parts = [
  { type: 'stream-start' as const, warnings: [] },
  { type: 'text-start' as const, id: '0' },
  { type: 'text-delta' as const, id: '0', delta: 'Hello' },
]

/** @param timeouts no more than is to pass: a busy machine takes its time for everything else */
function deaf(timeouts: Timeouts = {}) {
  let left = false
  const model = new MockLanguageModelV4({
    doGenerate: () => new Promise(() => {}),
    doStream: async () => ({
      stream: new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(part)
        },
        cancel() {
          left = true
        },
      }),
    }),
  })
  const leash = createLeash({ providers: { own: fromAiSdk(model) }, retry: false, timeouts })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  const ask = async (stream: boolean, signal?: AbortSignal): Promise<Response> => {
    const body = JSON.stringify({ model: 'own/any', stream, messages: [{ role: 'user', content: 'Hi' }] })
    return leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body, ...(signal && { signal }) }))
  }
  return { ask, reports, hasLeft: () => left }
}

test('an answer that does not come fails when its time is up', async () => {
  const { ask, reports } = deaf({ attemptMs: 50 })
  expect(await (await ask(false)).json()).toMatchObject({ error: { code: 'timeout' } })
  expect(reports).toMatchObject([{ attempts: [{ outcome: 'error', error: 'timeout' }] }])
})

test('a stream that falls silent fails when its time is up, and is left', async () => {
  const { ask, hasLeft } = deaf({ idleMs: 50 })
  expect(await (await ask(true)).text()).toMatch(/Hello.*"code":"timeout"/s)
  await until(hasLeft)
})

test('a caller who aborts waits no longer', async () => {
  const { ask, reports, hasLeft } = deaf()
  const abort = new AbortController()
  const whole = ask(false, abort.signal)
  const reading = (await ask(true, abort.signal)).text()
  abort.abort()
  await expect(reading).rejects.toThrow(/abort/i)
  await whole
  await until(hasLeft)
  expect(reports.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome))).toEqual(['cancelled', 'cancelled'])
})
