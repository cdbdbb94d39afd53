/** Calls and answers as modules see them. What costs something is made for who asks. */
import type { Call, Report, UnaryResult } from '../core/call.js'
import type { LeashError } from '../core/errors.js'
import { isObject, type JsonObject } from '../core/json.js'
import { instructionsIn } from '../protocols/instructions.js'
import type { Protocol } from '../protocols/protocol.js'
import { EventList } from './event-list.js'
import type { ModuleAnswer, ModuleCall, Text } from './module.js'

export class CallView implements ModuleCall {
  readonly #call: Call
  readonly #protocol: Protocol
  #texts: readonly Text[] | undefined

  constructor(call: Call, protocol: Protocol) {
    this.#call = call
    this.#protocol = protocol
  }

  get id(): string {
    return this.#call.id
  }
  get protocol(): string {
    return this.#call.protocol
  }
  get model(): string {
    return this.#call.model
  }
  get target(): string {
    return `${this.provider}/${this.#call.target.model}`
  }
  get provider(): string {
    return this.#call.target.provider.name
  }
  get stream(): boolean {
    return this.#call.stream
  }
  get tags(): Readonly<Record<string, string>> {
    return this.#call.options.tags ?? {}
  }
  get tenant(): string | undefined {
    return this.#call.options.tenant
  }
  get user(): string | undefined {
    return this.#call.options.user
  }
  get conversation(): string | undefined {
    return this.#call.options.conversation
  }
  get headers(): Readonly<Record<string, string>> {
    return this.#call.headers
  }
  get texts(): readonly Text[] {
    this.#texts ??= textsIn(this.#call.body, this.#protocol.lens.replaceRequest)
    return this.#texts
  }
  get instructions(): ReadonlySet<string> {
    return instructionsIn(this.#call.body)
  }
  get body(): JsonObject {
    return copyOf(this.#call.body)
  }
}

/** What an answer came to, as its view needs it. */
export interface Answered {
  readonly report: Report
  readonly result?: UnaryResult
  /** Of a stream. */
  readonly events?: readonly (JsonObject | undefined)[]
  readonly isCut?: boolean
  readonly status?: number
  readonly durationMs?: number
  readonly error?: LeashError
}

export class AnswerView implements ModuleAnswer {
  readonly #answered: Answered
  readonly #protocol: Protocol
  #texts: readonly Text[] | undefined

  constructor(answered: Answered, protocol: Protocol) {
    this.#answered = answered
    this.#protocol = protocol
  }

  get texts(): readonly Text[] {
    this.#texts ??= this.#read()
    return this.#texts
  }
  get body(): JsonObject | undefined {
    const body = objectOf(this.#answered.result?.body)
    return body && copyOf(body)
  }
  get isCut(): boolean {
    return this.#answered.isCut ?? false
  }
  get target(): string | undefined {
    const { report, result } = this.#answered
    const { provider, model } = result?.attempt ?? report
    return provider === undefined ? undefined : `${provider}/${model}`
  }
  get usage(): Report['usage'] {
    const { report, result } = this.#answered
    return result?.attempt?.usage ?? report.usage
  }
  get status(): number | undefined {
    return this.#answered.result?.status ?? this.#answered.status
  }
  get durationMs(): number {
    return this.#answered.durationMs ?? 0
  }
  get error(): ModuleAnswer['error'] {
    const { error } = this.#answered
    return error && { code: error.code, status: error.status, message: error.message, byVendor: error.upstream !== undefined }
  }

  #read(): readonly Text[] {
    const { result, events } = this.#answered
    if (events) return new EventList(events, this.#protocol).texts()
    const { body } = result ?? {}
    if (Array.isArray(body)) return new EventList(body.map(objectOf), this.#protocol).texts()
    const answer = objectOf(body)
    return answer ? textsIn(answer, this.#protocol.lens.replaceResponse) : []
  }
}

/** For modules to keep and change, with numbers as JavaScript has them. */
const copyOf = (body: JsonObject): JsonObject => JSON.parse(JSON.stringify(body))

export const objectOf = (value: unknown): JsonObject | undefined => (isObject(value) ? (value as JsonObject) : undefined)

function textsIn(body: JsonObject, replaceIn: Protocol['lens']['replaceRequest']): Text[] {
  const texts: Text[] = []
  replaceIn(body, (text, kind) => {
    texts.push({ text, kind })
    return text
  })
  return texts
}
