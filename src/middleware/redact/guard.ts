/** One call at a time: what goes out, and what comes back. */
import { type Call, type Report, type Result, type UnaryResult, withBody } from '../../core/call.js'
import type { Emitter, LeashEvents } from '../../core/emitter.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { isObject, type JsonObject } from '../../core/json.js'
import { needsOf } from '../../protocols/needs.js'
import type { Protocol } from '../../protocols/protocol.js'
import { strandsOf } from '../../protocols/strands.js'
import { editedStream } from '../edited-stream.js'
import { type AnswerRules, deciding, type Seen } from './answer.js'
import { type Counts, names, size } from './counts.js'
import { editedEvents } from './events.js'
import type { RedactOptions } from './options.js'
import { type Redacted, type RequestContext, redactRequest } from './request.js'
import { type Slot, Strand } from './strand.js'
import { StreamEditor } from './stream.js'
import type { Vault } from './vault.js'

type Told = LeashEvents['policy']

export class Guard {
  readonly #request: Omit<RequestContext, 'lens'>
  readonly #answer: AnswerRules | undefined
  readonly #options: RedactOptions
  readonly #emitter: Emitter

  constructor(request: Omit<RequestContext, 'lens'>, answer: AnswerRules | undefined, options: RedactOptions, emitter: Emitter) {
    this.#request = request
    this.#answer = answer
    this.#options = options
    this.#emitter = emitter
  }

  /** The call as it may leave. */
  async out(call: Call, protocol: Protocol, vault: Vault): Promise<Call> {
    this.#mind(call)
    let redacted: Redacted
    try {
      redacted = await redactRequest(call.body, vault, { ...this.#request, lens: protocol.lens })
    } catch (error) {
      return this.#failed(call, error)
    }
    const { body, counts, annotated, blocked } = redacted
    if (size(annotated) > 0) this.#tell(call, 'annotate', 'request', annotated)
    if (size(blocked) > 0) {
      this.#tell(call, 'block', 'request', blocked)
      const what = names(blocked)
      throw new LeashError('policy_blocked', `The request holds what may not leave: ${what}. Take it out, or change \`redact\`.`)
    }
    this.#count(call, counts, 'request')
    return body === call.body ? call : withBody(call, body)
  }

  /** Nobody looks into images and sounds. */
  #mind(call: Call): void {
    const { media = 'pass' } = this.#options
    if (media === 'pass') return
    const { images, audio, files } = needsOf(call.protocol, call.body)
    const found = { ...(images && { images: 1 }), ...(audio && { audio: 1 }), ...(files && { files: 1 }) }
    if (size(found) === 0) return
    this.#tell(call, media, 'request', found)
    if (media === 'block')
      throw new LeashError(
        'policy_blocked',
        `The request holds ${names(found)}, which cannot be searched. Take them out, or change \`redact.media\`.`,
      )
  }

  /** The error's own words are not passed on: they may quote the text. */
  #failed(call: Call, error: unknown): Call {
    if (isLeashError(error)) throw error
    this.#tell(call, 'fail', 'request', {})
    if (this.#options.onError === 'open') return call
    const name = error instanceof Error ? error.name : typeof error
    throw new LeashError('policy_blocked', `The request could not be searched for personal data (${name}), and was not sent.`)
  }

  /** The answer as the caller is to have it. */
  back(result: Result, call: Call, protocol: Protocol, vault: Vault): Result {
    if (vault.isEmpty && !this.#answer) return result
    const seen: Seen = { replaced: {}, annotated: {}, blocked: {} }
    const over = () => {
      vault.clear()
      this.#count(call, seen.replaced, 'response')
      for (const action of ['annotate', 'block'] as const) {
        const found = action === 'block' ? seen.blocked : seen.annotated
        if (size(found) > 0) this.#tell(call, action, 'response', found)
      }
    }
    if (result.stream) return editedStream(result, this.#editor(protocol, vault, seen), over)
    try {
      return this.#unary(result, protocol, vault, seen)
    } finally {
      over()
    }
  }

  #unary(result: UnaryResult, protocol: Protocol, vault: Vault, seen: Seen): UnaryResult {
    if (!this.#answer && result.text !== undefined && !vault.isNamedIn(result.text)) return result
    const { body } = result
    let back = body
    // Gemini's stream, where nobody asked for events.
    if (Array.isArray(body)) back = editedEvents(body, protocol.framing, this.#editor(protocol, vault, seen))
    else if (isObject(body)) {
      const decide = deciding(vault, this.#answer, seen)
      back = protocol.lens.replaceResponse(body as JsonObject, (text) => {
        const slot: Slot = { text, out: '', open: false }
        new Strand(decide).finish(slot)
        return slot.out
      })
    }
    if (back === body) return result
    const { status, headers, attempt, response } = result
    return { stream: false, status, headers, body: back, ...(attempt && { attempt }), ...(response && { response }) }
  }

  #editor({ name, lens, framing }: Protocol, vault: Vault, seen: Seen): StreamEditor {
    return new StreamEditor({
      lens,
      framing,
      strands: strandsOf(name),
      decide: deciding(vault, this.#answer, seen),
      thorough: this.#answer !== undefined || vault.isOdd,
      lookBehind: this.#answer?.detector.lookBehind ?? 0,
    })
  }

  #count(call: Call, counts: Counts, direction: Told['direction']): void {
    if (size(counts) === 0) return
    const { report } = call
    report.redactions = added(report.redactions, counts)
    this.#tell(call, 'redact', direction, counts)
  }

  #tell({ id }: Call, action: Told['action'], direction: Told['direction'], found: Told['found']): void {
    if (this.#emitter.heard('policy')) this.#emitter.emit('policy', { callId: id, guard: 'redact', action, direction, found })
  }
}

function added(before: Report['redactions'], counts: Counts): NonNullable<Report['redactions']> {
  const all: Record<string, number> = { ...before }
  for (const [type, count] of Object.entries(counts)) all[type] = (all[type] ?? 0) + count
  return all
}
