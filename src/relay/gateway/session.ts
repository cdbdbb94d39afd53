/** One web socket: a conversation, answered turn by turn. */
import type { WebSocket } from 'ws'
import { isLeashError, LeashError } from '../../core/errors.js'
import { toldOutside } from '../../core/inside.js'
import type { JsonObject } from '../../core/json.js'
import { failureOf } from '../http/failure.js'
import type { Caller } from '../people/caller.js'
import { Answering, Conversation } from './conversation.js'
import type { Serving } from './gateway.js'
import { asJson, Failed, run, toldOf } from './run.js'
import { readMessage, type Said } from './socket-messages.js'
import { streamOf, type Told } from './stream.js'

export interface SessionDeps {
  readonly socket: WebSocket
  /** Asked before each turn: a key may be taken back meanwhile. @throws LeashError */
  readonly caller: () => Promise<Caller>
  readonly serving: (caller: Caller) => Promise<Serving>
  /** Waits until what turns have cost is written down, if it is not. */
  readonly booked: () => Promise<void> | undefined
  readonly warn: (message: string) => void
  /** A socket on which nothing is said for so long, and nothing answered, is closed. */
  readonly idleMs: number
}

/** Whoever reads slower than the provider speaks holds the provider up when so many bytes wait for him. */
const mostWaiting = 256 * 1024
const mostUnread = 4 * 1024 * 1024

/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
export const closing = { goingAway: 1001, refused: 1008, idle: 1000 } as const

export class Session {
  readonly #deps: SessionDeps
  readonly #conversation = new Conversation()
  #model: string | undefined
  #options: JsonObject = {}
  #turn: { readonly stop: AbortController; readonly done: Promise<void> } | undefined
  #stopping = false
  #idle: NodeJS.Timeout | undefined

  constructor(deps: SessionDeps) {
    this.#deps = deps
    const { socket } = deps
    socket.on('message', (data, isBinary) => this.#hear(data, isBinary))
    socket.on('close', () => {
      clearTimeout(this.#idle)
      this.#turn?.stop.abort()
    })
    // A close follows, which is all that matters.
    socket.on('error', () => {})
    this.#rest()
    void this.#send({ type: 'ready' })
  }

  /** Ends when the answer under way has ended. */
  async close(): Promise<void> {
    this.#stopping = true
    await this.#turn?.done
    this.#deps.socket.close(closing.goingAway, 'The relay is stopping.')
  }

  #hear(data: unknown, isBinary: boolean): void {
    try {
      if (isBinary) throw new LeashError('invalid_request', 'Send text: JSON, and nothing binary.')
      const message = readMessage(String(data))
      if (message.type === 'cancel') {
        this.#turn?.stop.abort()
        return
      }
      if (this.#turn)
        throw new LeashError('invalid_request', 'An answer is under way. Wait for it, or cancel it first.', { status: 409 })
      if (message.type === 'reset') this.#conversation.reset()
      else this.#begin(message)
    } catch (error) {
      void this.#fail(error)
    }
  }

  #begin(message: Said): void {
    const { socket } = this.#deps
    // It may have come while the socket is being closed, and nobody would be told the answer.
    if (this.#stopping || socket.readyState !== socket.OPEN) return
    clearTimeout(this.#idle)
    const stop = new AbortController()
    const done = this.#answer(message, stop)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#turn = undefined
        this.#rest()
      })
    this.#turn = { stop, done }
  }

  async #answer({ messages, model = this.#model, options = this.#options, leash }: Said, stop: AbortController): Promise<void> {
    if (model === undefined) throw new LeashError('invalid_request', 'Name a `model` with the first message.', { param: 'model' })
    const caller = await this.#deps.caller()
    const serving = await this.#deps.serving(caller)
    this.#model = model
    this.#options = options
    this.#conversation.add(messages)
    const answering = new Answering()
    try {
      const request = { ...options, model, messages: [...this.#conversation.messages], ...(leash !== undefined && { leash }) }
      const ran = await run({ caller, serving, request, stream: true, options: { costs: true }, signal: stop.signal })
      let whole = false
      for await (const told of await streamOf(ran)) {
        await this.#tell(told, answering, stop.signal)
        whole = told.type === 'done'
      }
      if (answering.message && whole) this.#conversation.add([answering.message])
      else this.#keepPart(messages, answering)
    } catch (error) {
      this.#keepPart(messages, answering)
      if (!stop.signal.aborted) throw error
      await this.#send({ type: 'cancelled' })
    }
  }

  async #tell(told: Told, answering: Answering, stop: AbortSignal): Promise<void> {
    if (told.type === 'chunk') {
      const delta = answering.take(told.chunk)
      return delta && this.#send({ type: 'delta', ...delta, ...costIn(told.chunk) })
    }
    await this.#deps.booked()
    const { report } = told
    if (told.type === 'done') return this.#send({ type: 'done', report })
    if (stop.aborted) return this.#send({ type: 'cancelled', report })
    await this.#send({ type: 'error', error: told.error, report })
  }

  /** What was seen of an answer was said. A question that nobody has answered can be asked again. */
  #keepPart(messages: readonly JsonObject[], { said }: Answering): void {
    if (said) this.#conversation.add([said])
    else this.#conversation.takeBack(messages)
  }

  async #fail(cause: unknown): Promise<void> {
    const thrown = cause instanceof Failed ? cause.error : cause
    if (!isLeashError(thrown)) {
      const { code, message } = failureOf(thrown, 'A web socket failed', this.#deps.warn)
      return this.#send({ type: 'error', error: { code, message } })
    }
    const error = toldOutside(thrown, (message) => this.#deps.warn(`A web socket failed: ${message}`))
    await this.#deps.booked()
    const report = cause instanceof Failed && { report: asJson(cause.report) }
    await this.#send({ type: 'error', error: toldOf(error), ...report })
    // A vendor that refuses the relay's own key says so by the same code.
    if (error.code === 'authentication_failed' && !(cause instanceof Failed))
      this.#deps.socket.close(closing.refused, 'The key is not valid any more.')
  }

  #send(message: JsonObject): Promise<void> {
    const { socket } = this.#deps
    if (socket.readyState !== socket.OPEN) return Promise.resolve()
    // Who asks and asks, and reads nothing, is let go.
    if (socket.bufferedAmount > mostUnread) socket.terminate()
    return new Promise((resolve) => {
      // Called when it is off our hands, or the socket is closed.
      socket.send(JSON.stringify(message), () => resolve())
      if (socket.bufferedAmount <= mostWaiting) resolve()
    })
  }

  #rest(): void {
    const { socket, idleMs } = this.#deps
    clearTimeout(this.#idle)
    if (socket.readyState !== socket.OPEN) return
    this.#idle = setTimeout(() => socket.close(closing.idle, 'Nothing was said for long.'), idleMs)
    this.#idle.unref()
  }
}

function costIn({ leash }: JsonObject): JsonObject {
  const { cost } = (leash ?? {}) as { readonly cost?: JsonObject }
  return cost ? { cost } : {}
}
