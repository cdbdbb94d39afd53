/** A short answer of each vendor in its own words, whole and as a stream, and a request for it. */
import { frameAwsEvent } from '../../src/protocols/framing/aws-eventstream.js'

export interface Vendor {
  readonly name: string
  readonly path: (stream: boolean) => string
  readonly ask: (stream: boolean, tier: string | undefined) => object
  readonly answer: (tier: string | undefined) => object
  readonly events: (tier: string | undefined) => readonly object[]
  /** The place of the event with which the answer is whole. */
  readonly end: number
  /** A model of this vendor, for who asks in another's words. */
  readonly model: string
}

export const messages = [{ role: 'user', content: 'How many moons?' }]
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
const said = { id: 'i', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi', annotations: [] }] }
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

export const vendors: readonly Vendor[] = [
  {
    name: 'openai-chat',
    end: 1,
    model: 'gpt-5',
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
    end: 4,
    model: 'gpt-5',
    path: () => 'https://api.openai.com/v1/responses',
    ask: (stream, tier) => ({ model: 'gpt-5', stream, input: 'How many moons?', ...maybe('service_tier', tier) }),
    answer: (tier) => response(tier, 'completed', { usage: responsesUsage }),
    events: (tier) => [
      { type: 'response.created', response: response('auto', 'in_progress', { usage: null }) },
      { type: 'response.output_item.added', output_index: 0, item: { ...said, content: [] } },
      { type: 'response.output_text.delta', item_id: 'i', output_index: 0, content_index: 0, delta: 'Hi' },
      { type: 'response.output_item.done', output_index: 0, item: said },
      { type: 'response.completed', response: response(tier, 'completed', { usage: responsesUsage }) },
    ],
  },
  {
    name: 'anthropic-messages',
    end: 5,
    model: 'anthropic/claude-haiku-4-5',
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
    end: 1,
    model: 'google/gemini-2.5-flash',
    path: (stream) =>
      `https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    ask: (_, tier) => ({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], ...maybe('serviceTier', tier) }),
    answer: gemini,
    events: (tier) => [{ candidates: [{ content: { role: 'model', parts: [{ text: 'Oh. ' }] }, index: 0 }] }, gemini(tier)],
  },
  {
    name: 'bedrock-converse',
    end: 3,
    model: `bedrock/${nova}`,
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

/** Keys for all of them. */
export const vendorKeys = {
  openai: { apiKey: 'k' },
  anthropic: { apiKey: 'k' },
  google: { apiKey: 'k' },
  bedrock: { region: 'us-east-1', apiKey: 'k' },
}

const encoder = new TextEncoder()

/** One event as it is on the wire; a text is the data of an event, whatever it says. */
export function framed({ name }: Vendor, event: object | string): Uint8Array {
  // Anthropic's events have names, and those that have none are no events to its SDK.
  const named = name === 'anthropic-messages' ? 'content_block_delta' : undefined
  const type = typeof event === 'object' && 'type' in event && typeof event.type === 'string' ? event.type : named
  if (name !== 'bedrock-converse') {
    const data = typeof event === 'string' ? event : JSON.stringify(event)
    return encoder.encode(`${type === undefined ? '' : `event: ${type}\n`}data: ${data}\n\n`)
  }
  if (typeof event === 'string') return frameAwsEvent({ event: 'contentBlockDelta', data: event })
  const { event: called = '', ...payload } = event as { event?: string }
  return frameAwsEvent({ event: called, data: JSON.stringify(payload) })
}

export function streamType({ name }: Vendor): string {
  return name === 'bedrock-converse' ? 'application/vnd.amazon.eventstream' : 'text/event-stream'
}
