/** What goes out, and what comes back. */
import { type Call, type Report, type Result, type UnaryResult, withBody } from '../../core/call.js'
import type { TextSlot } from '../../core/edited-pieces.js'
import type { PolicyEvent } from '../../core/emitter.js'
import { LeashError } from '../../core/errors.js'
import { exactBody } from '../../core/exact-json.js'
import { isObject, type JsonObject } from '../../core/json.js'
import type { EntityType } from '../../detect/index.js'
import { kindsIn } from '../../protocols/needs.js'
import type { Protocol } from '../../protocols/protocol.js'
import { strandsOf } from '../../protocols/strands.js'
import { editedStream, type StreamEdit } from '../edited-stream.js'
import { type AnswerRules, deciding, type Seen } from './answer.js'
import { type Counts, names, size } from './counts.js'
import { editedEvents } from './events.js'
import type { RedactOptions } from './options.js'
import { type RequestContext, redactRequest } from './request.js'
import { Strand } from './strand.js'
import { StreamEditor } from './stream.js'
import type { Vault } from './vault.js'

export type Tell = (action: PolicyEvent['action'], direction: PolicyEvent['direction'], found: PolicyEvent['found']) => void

/** One call on its way. */
export interface Way {
  readonly call: Call
  readonly protocol: Protocol
  readonly vault: Vault
  readonly tell: Tell
}

export class Guard {
  readonly #request: Omit<RequestContext, 'lens'>
  readonly #answer: AnswerRules | undefined
  readonly #options: RedactOptions

  constructor(request: Omit<RequestContext, 'lens'>, answer: AnswerRules | undefined, options: RedactOptions) {
    this.#request = request
    this.#answer = answer
    this.#options = options
  }

  /** The call as it may leave. @throws LeashError where it may not, and whatever looking itself has failed with */
  async out({ call, protocol, vault, tell }: Way): Promise<Call> {
    this.#mind(call, tell)
    const redacted = await redactRequest(call.body, vault, { ...this.#request, lens: protocol.lens })
    const { body, counts, annotated, blocked } = redacted
    if (size(annotated) > 0) tell('annotate', 'request', annotated)
    if (size(blocked) > 0) {
      tell('block', 'request', blocked)
      const what = names(blocked)
      throw new LeashError('policy_blocked', `The request holds what may not leave: ${what}. Take it out, or change \`redact\`.`)
    }
    count(call, counts, 'request', tell)
    return body === call.body ? call : withBody(call, body)
  }

  /** Nobody looks into images and sounds, nor into texts that are given as tokens. */
  #mind(call: Call, tell: Tell): void {
    const { media = 'pass' } = this.#options
    if (media === 'pass') return
    const { images, audio, files } = kindsIn(call.protocol, call.body)
    const tokens = areTokens(call.body.input)
    const found = {
      ...(images && { images: 1 }),
      ...(audio && { audio: 1 }),
      ...(files && { files: 1 }),
      ...(tokens && { tokens: 1 }),
    }
    if (size(found) === 0) return
    tell(media, 'request', found)
    if (media === 'block')
      throw new LeashError(
        'policy_blocked',
        `The request holds ${names(found)}, which cannot be searched. Take them out, or change \`redact.media\`.`,
      )
  }

  /** The answer as the caller is to have it. @param watched sees to the editor of a stream */
  back(result: Result, { call, protocol, vault, tell }: Way, watched: (edit: StreamEdit) => StreamEdit = same): Result {
    if (vault.isEmpty && !this.#answer) return result
    const seen: Seen = { replaced: {}, annotated: {}, blocked: {} }
    const over = () => {
      count(call, taken(seen.replaced), 'response', tell)
      for (const action of ['annotate', 'block'] as const) {
        const found = taken(action === 'block' ? seen.blocked : seen.annotated)
        if (size(found) > 0) tell(action, 'response', found)
      }
    }
    if (result.stream) return editedStream(result, watched(this.#editor(protocol, vault, seen)), over)
    try {
      return this.#unary(result, protocol, vault, seen)
    } finally {
      vault.clear()
      over()
    }
  }

  #unary(result: UnaryResult, protocol: Protocol, vault: Vault, seen: Seen): UnaryResult {
    if (!this.#answer && result.text !== undefined && !vault.isNamedIn(result.text)) return result
    const body = exactBody(result.text, result.body)
    let back = body
    // Gemini's stream, where nobody asked for events.
    if (Array.isArray(body)) back = editedEvents(body, protocol.framing, this.#editor(protocol, vault, seen))
    else if (isObject(body)) {
      const decide = deciding(vault, this.#answer, seen)
      back = protocol.lens.replaceResponse(body as JsonObject, (text) => {
        const slot: TextSlot = { text, out: '', isOpen: false }
        new Strand(decide).finish(slot)
        return slot.out
      })
    }
    if (back === body) return result
    const { text: _, ...rest } = result
    return { ...rest, body: back }
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
}

const same = (edit: StreamEdit) => edit

/** What OpenAI makes embeddings of may be a list of tokens, or several. */
const areTokens = (input: unknown): boolean =>
  Array.isArray(input) && input.some((item) => typeof item === 'number' || Array.isArray(item))

function count(call: Call, counts: Counts, direction: PolicyEvent['direction'], tell: Tell): void {
  if (size(counts) === 0) return
  const { report } = call
  report.redactions = added(report.redactions, counts)
  tell('redact', direction, counts)
}

/** So that nothing is told twice. */
function taken(counts: Counts): Counts {
  const all = { ...counts }
  for (const type of Object.keys(counts)) delete counts[type as EntityType]
  return all
}

function added(before: Report['redactions'], counts: Counts): NonNullable<Report['redactions']> {
  const all: Record<string, number> = { ...before }
  for (const [type, count] of Object.entries(counts)) all[type] = (all[type] ?? 0) + count
  return all
}
