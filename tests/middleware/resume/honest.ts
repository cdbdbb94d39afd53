/** A vendor of every protocol whose model does as it is told: asked for the rest of an answer, it gives just that. */
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import type { StreamEvent } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatRequest, Message } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import type { WireEvent } from '../../../src/protocols/protocol.js'
import { recognise } from '../../../src/recognise.js'
import { type Listening, listen } from '../../helpers/listen.js'

export interface Served {
  readonly path: string
  readonly body: JsonObject
  readonly request: ChatRequest
}

export interface Fault {
  /** Destroys the connection after so many events. */
  readonly cut?: number
  /** Ends the stream properly after so many events. */
  readonly end?: number
  /** Says so many events and then nothing. */
  readonly hang?: number
  /** Tells a failure after so many events, and keeps the connection if it likes. */
  readonly fail?: number
  readonly open?: boolean
  /** And so many bytes of the next. */
  readonly torn?: number
  /** Refuses with this status. */
  readonly status?: number
  /** Bytes of one write. */
  readonly chunk?: number
}

export interface Model {
  /** The answer, in the pieces in which it streams. */
  pieces: readonly string[]
  /** Before the answer. */
  before?: readonly AssistantPart[]
  /** Behind the answer. */
  after?: readonly AssistantPart[]
  /** How it goes on when it is told to; by default as it was told. */
  rest?: (anchor: string, rest: string) => string
}

export interface Honest {
  readonly url: string
  readonly served: readonly Served[]
  readonly model: Model
  /** One for each request to come. */
  script(...faults: Fault[]): void
  /** Forgets the requests that came, and the faults that are still to come. */
  forget(): void
  /** How many clients have left before they had the whole answer. */
  left(): number
}

const bare: Model = { pieces: [] }

export function useHonest(): Honest {
  const served: Served[] = []
  const faults: Fault[] = []
  const model: Model = { ...bare }
  let counts = { left: 0 }
  const server = createServer(async (incoming, outgoing) => {
    // Whoever leaves after this vendor was told to forget is counted no more.
    const count = counts
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as JsonObject
    const path = incoming.url?.split('?')[0] ?? ''
    const found = await recognise(path, body)
    if (found?.protocol.kind !== 'chat') throw new Error(`Nobody answers at ${path}.`)
    const { downstream } = await found.protocol.codec()
    if (!downstream) throw new Error('Nobody can be answered in this protocol.')
    const request = downstream.decodeRequest(body, () => {})
    served.push({ path, body, request })
    const fault = faults.shift() ?? {}
    if (fault.status) {
      outgoing.writeHead(fault.status, { 'content-type': 'application/json' }).end('{}')
      return
    }
    const writer = downstream.encodeStream(request)
    const events = eventsOf(model, request, served.length).flatMap((event): WireEvent[] => writer.push(event))
    const stop = fault.cut ?? fault.end ?? fault.hang ?? fault.fail
    const told = events.slice(0, stop)
    if (fault.fail !== undefined)
      told.push(...writer.fail(new LeashError('overloaded', 'Too many are asking.', { status: 529, retryable: true })))
    const torn = fault.torn && stop !== undefined ? events[stop] : undefined
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    outgoing.socket?.setNoDelay(true)
    let broken = false
    outgoing.once('close', () => {
      if (!outgoing.writableFinished && !broken) count.left++
    })
    const frames = told.map((event) => found.protocol.framing.frame(event))
    if (torn) frames.push(found.protocol.framing.frame(torn).subarray(0, fault.torn))
    for (const bytes of frames) {
      const size = fault.chunk ?? bytes.length
      for (let at = 0; at < bytes.length; at += size)
        await new Promise<void>((sent) => outgoing.write(bytes.subarray(at, at + size), () => setImmediate(sent)))
    }
    if (fault.hang !== undefined || fault.open) return
    if (fault.cut === undefined || fault.cut >= events.length) outgoing.end()
    else {
      broken = true
      // A reset takes with it what the client has not read yet.
      await pause(10)
      outgoing.destroy()
    }
  })
  const forget = () => {
    served.length = faults.length = 0
    counts = { left: 0 }
  }
  let listening: Listening
  beforeAll(async () => {
    listening = await listen(server)
  })
  afterEach(() => {
    forget()
    for (const name of Object.keys(model)) Reflect.deleteProperty(model, name)
    Object.assign(model, bare)
  })
  afterAll(() => listening[Symbol.asyncDispose]())
  return {
    get url() {
      return listening.url
    },
    served,
    model,
    script: (...more) => void faults.push(...more),
    forget,
    left: () => counts.left,
  }
}

/** What the model says to this request. */
function eventsOf(model: Model, { messages }: ChatRequest, id: number): StreamEvent[] {
  const whole = model.pieces.join('')
  const last = messages.at(-1)
  const begun = last?.role === 'assistant' ? textOf(last) : undefined
  const [, anchor] = /<last-words>(.*)<\/last-words>/s.exec(textOf(last)) ?? []
  const behind = begun ?? (anchor === undefined ? '' : textOf(messages.at(-2)))
  if (!whole.startsWith(behind)) throw new Error(`It never said: ${behind}`)
  const rest = whole.slice(behind.length)
  const said = anchor === undefined ? rest : (model.rest?.(anchor, rest) ?? anchor + rest)
  const pieces = behind === '' ? model.pieces : said.split(/(?<= )/)
  const parts: StreamEvent[] = []
  let index = 0
  for (const part of model.before ?? []) parts.push(...spelled(index++, part))
  parts.push({ type: 'part-start', choice: 0, index, part: { type: 'text', text: '' } })
  for (const delta of pieces) parts.push({ type: 'part-delta', choice: 0, index, delta })
  parts.push({ type: 'part-end', choice: 0, index: index++ })
  for (const part of model.after ?? []) parts.push(...spelled(index++, part))
  const called = model.after?.some(({ type }) => type === 'tool-call')
  return [
    { type: 'start', id: `answer-${id}`, model: 'honest', created: 1_700_000_000 },
    ...parts,
    { type: 'finish', choice: 0, reason: called ? 'tool-calls' : 'stop' },
    { type: 'usage', usage: usageOf({ input: 10, output: pieces.length }) },
    { type: 'end' },
  ]
}

function spelled(index: number, part: AssistantPart): StreamEvent[] {
  const at = { choice: 0, index }
  if (part.type === 'tool-call') {
    const half = Math.ceil(part.arguments.length / 2)
    return [
      { type: 'part-start', ...at, part: { ...part, arguments: '' } },
      { type: 'part-delta', ...at, delta: part.arguments.slice(0, half) },
      { type: 'part-delta', ...at, delta: part.arguments.slice(half) },
      { type: 'part-end', ...at },
    ]
  }
  if (part.type !== 'reasoning') throw new Error(`It cannot spell ${part.type}.`)
  const { signature, text, ...rest } = part
  return [
    { type: 'part-start', ...at, part: { ...rest, text: '' } },
    { type: 'part-delta', ...at, delta: text },
    { type: 'part-end', ...at, ...(signature && { signature }) },
  ]
}

function textOf(message: Message | undefined): string {
  return (message?.content ?? []).flatMap((part) => (part.type === 'text' ? part.text : [])).join('')
}
