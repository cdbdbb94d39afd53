/** What several files of this protocol share: its name, readers of members, and the carriers of opaque state. */
import { LeashError } from '../../core/errors.js'
import type { Members } from '../../core/json.js'
import type { Signature, SignatureFormat } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { shortId } from '../short-id.js'

export const protocolName = 'openai-responses'

export function invalid(param: string, message: string): LeashError {
  return new LeashError('invalid_request', message, { param })
}

/** Reports the members that nobody reads. A member that is null is one that was left out. */
export function noticeUnread(value: Members, read: ReadonlySet<string>, path: string, lose: ReportLoss): void {
  for (const [name, member] of Object.entries(value)) {
    if (read.has(name) || member === undefined || member === null) continue
    lose(path ? `${path}.${name}` : name, 'dropped', `\`${name}\` has no counterpart outside the Responses API.`)
  }
}

/** "Invalid 'input[2].call_id': string too long. Expected a string with maximum length 64" */
export function callIdOf(id: string): string {
  return id.length > 64 ? shortId(id) : id
}

const foreign = /^(anthropic-claude-v1|google-gemini-v1):/

/**
 * `encrypted_content` is the one member that every Responses client hands back untouched, so another vendor's state rides in
 * it too, with its format in front. OpenAI's own values are base64url and hold no colon.
 */
export function encryptedContent({ format, value }: Signature): string {
  return format === 'openai-responses-v1' ? value : `${format}:${value}`
}

export function signatureIn(encrypted: unknown): Signature | undefined {
  if (typeof encrypted !== 'string' || encrypted === '') return undefined
  const format = foreign.exec(encrypted)?.[1] as SignatureFormat | undefined
  return format ? { format, value: encrypted.slice(format.length + 1) } : { format: 'openai-responses-v1', value: encrypted }
}

const phased = 'phase:'

/**
 * What a message is to its turn, commentary or the final answer, which OpenAI wants to be told again: "dropping it can degrade
 * performance". A text is not signed here, so it goes where other vendors' signatures of texts go.
 */
export function phaseOf({ phase }: Members): { signature?: Signature } {
  return typeof phase === 'string' ? { signature: { format: 'openai-responses-v1', value: phased + phase } } : {}
}

export function phaseIn({ format, value }: Signature): string | undefined {
  return format === 'openai-responses-v1' && value.startsWith(phased) ? value.slice(phased.length) : undefined
}

/** How the ids of reasoning items begin that OpenAI has never seen: it would look for them, and find nothing. */
export const ourReasoning = 'rs_leash'
