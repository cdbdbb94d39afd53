/** A call as a layer sees it, for tests of one layer alone. */
import type { Call, Result } from '../../src/core/call.js'
import { createReport } from '../../src/core/report.js'

/** @param text the body as its caller wrote it */
export function aCall({ text, ...over }: Partial<Call> & { readonly text?: string } = {}): Call {
  const body = over.body ?? {}
  return {
    id: 'call_test',
    protocol: 'openai-chat',
    model: 'gpt-test',
    stream: false,
    body,
    ...(text !== undefined && { source: { body, text } }),
    headers: {},
    target: {
      provider: {
        name: 'test',
        protocols: ['openai-chat'],
        traits: () => ({}),
        missing: () => undefined,
        prepare: () => never(),
      },
      model: 'gpt-test',
    },
    options: {},
    timeouts: {},
    attempt: 1,
    report: createReport('call_test', undefined),
    ...over,
  }
}

export const anAnswer: Result = { stream: false, status: 200, headers: new Headers(), body: { ok: true } }

function never(): never {
  throw new Error('This call is never sent.')
}
