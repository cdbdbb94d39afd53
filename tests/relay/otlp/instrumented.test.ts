/** OpenAI's own client, watched by instrumentation that others make, as it comes to the ledger. */
import { OpenAIInstrumentation as OpenInference } from '@arizeai/openinference-instrumentation-openai'
import { observeOpenAI } from '@langfuse/openai'
import { trace } from '@opentelemetry/api'
import { OpenAIInstrumentation as OpenLLMetry } from '@traceloop/instrumentation-openai'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { inputTotal, outputTotal } from '../../../src/core/usage.js'
import { useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'
import { useExporter } from './exporter.js'

const mock = useMock()

/** They patch the classes, and not all of them undo that. */
const patched = [
  OpenAI.Chat.Completions.prototype,
  OpenAI.Completions.prototype,
  OpenAI.Embeddings.prototype,
  OpenAI.Responses.prototype,
]
const before = patched.map((prototype) => Object.getOwnPropertyDescriptor(prototype, 'create') ?? {})
afterEach(() => {
  for (const [at, prototype] of patched.entries()) Object.defineProperty(prototype, 'create', before[at] ?? {})
  trace.disable()
})

const instrumentations: Readonly<Record<string, (client: OpenAI) => OpenAI>> = {
  OpenInference: (client) => {
    new OpenInference().manuallyInstrument(OpenAI)
    return client
  },
  OpenLLMetry: (client) => {
    new OpenLLMetry().manuallyInstrument(OpenAI)
    return client
  },
  Langfuse: (client) => observeOpenAI(client),
}

describe.each(Object.keys(instrumentations))('%s', (name) => {
  it('tells of a call, which is one line with the tokens that the vendor told', async () => {
    const relay = await openRelay(mock.url)
    const { provider, answers } = useExporter({
      OTEL_EXPORTER_OTLP_ENDPOINT: relay.url,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${relay.call}`,
    })
    trace.setGlobalTracerProvider(provider)
    const plain = new OpenAI({ apiKey: 'sk-mock', baseURL: `${mock.url}/v1` })
    const client = instrumentations[name]?.(plain) ?? plain
    const messages = [{ role: 'user' as const, content: 'The quick brown fox keeps its secret.' }]
    const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
    expect((await answers()).map(({ status }) => status)).toEqual([200])
    const { items } = (await relay.ask('GET', '/v1/admin/calls')).body as { items: LedgerLine[] }
    expect(items).toMatchObject([
      { provider: 'openai', model: expect.stringMatching(/^gpt-4o-mini/), outcome: 'ok', basis: 'complete' },
    ])
    const [line] = items
    expect([line && inputTotal(line.usage), line && outputTotal(line.usage)]).toEqual([
      answer.usage?.prompt_tokens,
      answer.usage?.completion_tokens,
    ])
    expect(line?.cost).toBeGreaterThan(0)
    expect(JSON.stringify(items)).not.toContain('secret')
  })
})
