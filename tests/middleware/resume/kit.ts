/** What the tests of resume have in common: a leash on the honest vendor, and readers who notice what is out of its place. */
import { type collect as Collect, collect, type StreamEvent } from '../../../src/core/events.js'
import { createLeash, type Leash, type LeashOptions, type Report } from '../../../src/leash.js'
import { protocolNamed } from '../../../src/protocols/index.js'
import type { WireEvent } from '../../../src/protocols/protocol.js'
import { mockProviders } from '../../../src/testing/index.js'
import { asks, send } from '../asks.js'

export const pieces = 'The quick brown fox jumps over the lazy dog, and then it goes home to its den and sleeps.'.split(/(?<= )/)
export const whole = pieces.join('')

/** A caller of Bedrock cannot be answered in any words but the vendor's own. */
export const spoken = asks.filter(({ protocol }) => protocol !== 'bedrock-converse')
export const nameOf = (protocol: string): string => protocol.split(',')[0] ?? ''

export function open(url: string, options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(url), retry: false, resume: true, circuitBreaker: false, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

/** @throws LeashError where a reader of the protocol could not read it */
export async function decode(
  name: string,
  bytes: Uint8Array,
): Promise<{ answer: ReturnType<typeof Collect>; wire: WireEvent[] }> {
  const protocol = await protocolNamed(name)
  if (protocol?.kind !== 'chat') throw new Error('No protocol of chats.')
  const { upstream } = await protocol.codec()
  const decoder = upstream.decodeStream({ model: 'honest', request: { messages: [] }, lose: () => {} })
  const events: StreamEvent[] = []
  const wire: WireEvent[] = []
  const frames = protocol.framing.unframer((event) => {
    wire.push(event)
    events.push(...decoder.push(event))
  })
  frames.push(bytes)
  frames.end()
  events.push(...decoder.end())
  return { answer: collect(events), wire }
}

export const textIn = (answer: ReturnType<typeof Collect>): string =>
  (answer.choices[0]?.content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')

export const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer())

export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** By OpenAI's chat, the plainest way. */
export function ask(leash: Leash, url: string, body: object = {}, signal?: AbortSignal): Promise<Response> {
  const [chat] = asks
  const { path, body: asked } = chat?.request('Tell me of the fox.', true) ?? { path: '', body: {} }
  return send(leash, 'fetch', url, { path, body: { ...asked, ...body } }, signal)
}

export const read = async (response: Response): Promise<string> =>
  textIn((await decode('openai-chat', await bytesOf(response))).answer)
