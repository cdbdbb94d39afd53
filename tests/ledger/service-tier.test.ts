/** Which tier a call is priced by: the one that the vendor says it was served in, whatever was asked for. */
import { describe, expect, test } from 'vitest'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { frameAwsEvent } from '../../src/protocols/framing/aws-eventstream.js'
import { useNoKeys } from '../helpers/mock.js'

useNoKeys()

/** A dollar for a million tokens, half of that for flex, two for priority. */
const rates = { input: 1, output: 1, tiers: { flex: { multiplier: 0.5 }, priority: { multiplier: 2 } } }
const prices = { 'openai/*': rates, 'anthropic/*': rates, 'google/*': rates, 'bedrock/*': rates }
const providers = {
  openai: { apiKey: 'k' },
  anthropic: { apiKey: 'k' },
  google: { apiKey: 'k' },
  bedrock: { region: 'us-east-1', apiKey: 'k' },
}

interface Vendor {
  readonly name: string
  readonly path: (stream: boolean) => string
  readonly ask: (stream: boolean, tier: string | undefined) => object
  readonly answer: (tier: string | undefined) => object
  readonly events: (tier: string | undefined) => readonly object[]
}

const messages = [{ role: 'user', content: 'How many moons?' }]
const maybe = (name: string, tier: unknown) => (tier === undefined ? {} : { [name]: tier })

const chatUsage = { prompt_tokens: 900, completion_tokens: 100, total_tokens: 1000 }
const responsesUsage = { input_tokens: 900, output_tokens: 100, total_tokens: 1000 }
const response = (tier: string | undefined, status: string, rest: object) => ({
  id: 'r',
  object: 'response',
  created_at: 1,
  status,
  model: 'gpt-5',
  output: [],
  ...maybe('service_tier', tier),
  // The caller may name it as he likes.
  metadata: { service_tier: 'priority' },
  ...rest,
})
const message = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: '"service_tier": "priority"' }],
  stop_reason: 'end_turn',
}
const gemini = (tier: string | undefined) => ({
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: {
    promptTokenCount: 900,
    candidatesTokenCount: 100,
    totalTokenCount: 1000,
    ...maybe('serviceTier', tier),
  },
})
const nova = 'us.amazon.nova-lite-v1:0'

const vendors: readonly Vendor[] = [
  {
    name: 'openai-chat',
    path: () => 'https://api.openai.com/v1/chat/completions',
    ask: (stream, tier) => ({ model: 'gpt-5', stream, messages, ...maybe('service_tier', tier) }),
    answer: (tier) => ({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-5',
      ...maybe('service_tier', tier),
      choices: [
        { index: 0, message: { role: 'assistant', content: '"service_tier": "priority"', refusal: null }, finish_reason: 'stop' },
      ],
      usage: chatUsage,
    }),
    events: (tier) => {
      const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-5' }
      return [
        {
          ...chunk,
          ...maybe('service_tier', tier && 'auto'),
          choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }],
        },
        { ...chunk, ...maybe('service_tier', tier), choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        { ...chunk, ...maybe('service_tier', tier), choices: [], usage: chatUsage },
      ]
    },
  },
  {
    name: 'openai-responses',
    path: () => 'https://api.openai.com/v1/responses',
    ask: (stream, tier) => ({ model: 'gpt-5', stream, input: 'How many moons?', ...maybe('service_tier', tier) }),
    answer: (tier) => response(tier, 'completed', { usage: responsesUsage }),
    events: (tier) => [
      { type: 'response.created', response: response('auto', 'in_progress', { usage: null }) },
      { type: 'response.completed', response: response(tier, 'completed', { usage: responsesUsage }) },
    ],
  },
  {
    name: 'anthropic-messages',
    path: () => 'https://api.anthropic.com/v1/messages',
    ask: (stream, tier) => ({ model: 'claude-haiku-4-5', max_tokens: 99, stream, messages, ...maybe('service_tier', tier) }),
    answer: (tier) => ({ ...message, usage: { input_tokens: 900, output_tokens: 100, ...maybe('service_tier', tier) } }),
    events: (tier) => [
      {
        type: 'message_start',
        message: { ...message, content: [], usage: { input_tokens: 900, output_tokens: 1, ...maybe('service_tier', tier) } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 100 } },
      { type: 'message_stop' },
    ],
  },
  {
    name: 'gemini',
    path: (stream) =>
      `https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    ask: (_, tier) => ({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], ...maybe('serviceTier', tier) }),
    answer: gemini,
    events: (tier) => [gemini(tier)],
  },
  {
    name: 'bedrock-converse',
    path: (stream) =>
      `https://bedrock-runtime.us-east-1.amazonaws.com/model/${encodeURIComponent(nova)}/${stream ? 'converse-stream' : 'converse'}`,
    ask: (_, tier) => ({
      messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
      ...maybe('serviceTier', tier && { type: tier }),
    }),
    answer: (tier) => ({
      output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } },
      stopReason: 'end_turn',
      ...maybe('serviceTier', tier && { type: tier }),
      usage: { inputTokens: 900, outputTokens: 100, totalTokens: 1000 },
    }),
    events: (tier) => [
      { event: 'messageStart', role: 'assistant' },
      { event: 'contentBlockDelta', contentBlockIndex: 0, delta: { text: 'Hi' } },
      { event: 'contentBlockStop', contentBlockIndex: 0 },
      { event: 'messageStop', stopReason: 'end_turn' },
      {
        event: 'metadata',
        ...maybe('serviceTier', tier && { type: tier }),
        usage: { inputTokens: 900, outputTokens: 100, totalTokens: 1000 },
      },
    ],
  },
]

function sse(events: readonly object[], done: boolean): Response {
  const lines = events.map((event) => {
    const type = 'type' in event && typeof event.type === 'string' ? `event: ${event.type}\n` : ''
    return `${type}data: ${JSON.stringify(event)}\n\n`
  })
  return new Response(`${lines.join('')}${done ? 'data: [DONE]\n\n' : ''}`, { headers: { 'content-type': 'text/event-stream' } })
}

function eventStream(events: readonly object[]): Response {
  const frames = events.map((event) => {
    const { event: name = '', ...payload } = event as { event?: string }
    return frameAwsEvent({ event: name, data: JSON.stringify(payload) })
  })
  return new Response(new Blob(frames as BlobPart[]), { headers: { 'content-type': 'application/vnd.amazon.eventstream' } })
}

/** The line of a call that asks for one tier and is told another, or none. */
async function lineOf(
  vendor: Vendor,
  stream: boolean,
  asked: string | undefined,
  told: string | undefined,
  caller: Pick<Vendor, 'ask' | 'path'> = vendor,
) {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers,
    prices,
    retry: false,
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => {
      if (!stream) return Response.json(vendor.answer(told))
      return vendor.name === 'bedrock-converse'
        ? eventStream(vendor.events(told))
        : sse(vendor.events(told), vendor.name === 'openai-chat')
    },
  })
  const body = JSON.stringify(caller.ask(stream, asked))
  const answer = await leash.fetch(caller.path(stream), { method: 'POST', headers: { authorization: 'Bearer k' }, body })
  await answer.arrayBuffer()
  await leash.close()
  return lines[0] ?? expect.fail()
}

describe.each(vendors)('in $name', (vendor) => {
  describe.each([false, true])('streamed: %s', (stream) => {
    test.each([
      ['flex', 'default', 1],
      ['flex', 'standard', 1],
      ['auto', 'flex', 0.5],
      [undefined, 'priority', 2],
    ])('who asks for %s and is served %s pays for that', async (asked, told, times) => {
      const { cost, serviceTier, basis } = await lineOf(vendor, stream, asked, told)
      expect({ cost, serviceTier, basis }).toEqual({ cost: 1_000_000 * times, serviceTier: told, basis: 'complete' })
    })

    test('who asks for flex and is told nothing pays for flex', async () => {
      const line = await lineOf(vendor, stream, 'flex', undefined)
      expect([line.cost, line.serviceTier]).toEqual([500_000, undefined])
    })

    test('a tier that nobody has a price for has no known cost', async () => {
      expect((await lineOf(vendor, stream, undefined, 'reserved')).cost).toBeNull()
    })
  })
})

describe('translated', () => {
  const models = { 'anthropic-messages': 'anthropic/claude-haiku-4-5', gemini: 'google/gemini-2.5-flash' }
  const others = vendors.filter(({ name }) => name in models)

  test.each(others.flatMap((vendor) => [false, true].map((stream) => ({ vendor, stream, name: vendor.name }))))(
    'from $name, streamed: $stream, the tier is the one that was told',
    async ({ vendor, stream, name }) => {
      const model = models[name as keyof typeof models]
      const caller = {
        path: () => 'https://api.openai.com/v1/chat/completions',
        ask: () => ({ model, stream, messages, service_tier: 'flex' }),
      }
      const line = await lineOf(vendor, stream, undefined, 'priority', caller)
      expect(line).toMatchObject({ cost: 2_000_000, serviceTier: 'priority' })
    },
  )
})
