/**
 * `thoughtSignature`: what Gemini wants back on the very part that carried it
 * (https://ai.google.dev/gemini-api/docs/thought-signatures).
 *
 * A caller who speaks Gemini to another vendor's model has only this member to keep that vendor's signature in, so a
 * foreign one travels in it wrapped as base64 JSON: {"leash":1,"format":…,"value":…}.
 */
import { base64Of, textOfBase64 } from '../../core/base64.js'
import { compact, isObject, parseJson } from '../../core/json.js'
import type { Signature, SignatureFormat } from '../../core/message.js'
import { isFormat } from '../signature-format.js'

export const ownFormat = 'google-gemini-v1' satisfies SignatureFormat

/**
 * Google's word for "this call was not made by Gemini": a Gemini 3 model refuses a history whose first function call
 * of a step is unsigned, unless it carries this. Source: the FAQ of the page above.
 */
export const unsignedCall = 'skip_thought_signature_validator'

/** `{"leash":` in base64: nine bytes, so it stands as a prefix whatever follows. */
const wrapped = 'eyJsZWFzaCI6'

/**
 * The same to a caller, whose SDK may hold a signature as bytes and refuse an answer with Google's word in it, which is no base64:
 * {"leash":1}.
 */
export const madeElsewhere = `${wrapped}MX0=`

/** A signature, and what its vendor wants told of a reasoning block beside it. */
interface Signed {
  readonly signature: Signature
  readonly redacted?: boolean
  readonly summary?: boolean
  readonly id?: string
}

export function wrapSignature({ signature, redacted, summary, id }: Signed): string {
  if (signature.format === ownFormat) return signature.value
  return base64Of(JSON.stringify(compact({ leash: 1, ...signature, redacted, summary, id })))
}

export function unwrapSignature(value: unknown): Signed | undefined {
  if (typeof value !== 'string' || value === '' || value === unsignedCall) return undefined
  if (!isWrapped(value)) return { signature: { format: ownFormat, value } }
  const foreign = parseJson(textOfBase64(value) ?? '')
  if (!isObject(foreign) || !isFormat(foreign.format) || typeof foreign.value !== 'string') return undefined
  return {
    signature: { format: foreign.format, value: foreign.value },
    ...(foreign.redacted === true && { redacted: true }),
    ...(foreign.summary === true && { summary: true }),
    ...(typeof foreign.id === 'string' && { id: foreign.id }),
  }
}

export function isWrapped(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(wrapped)
}
