/** A reasoning item and its neutral parts: one for each text, the last of which carries the encrypted whole. */
import { asObjects, asString, type Members } from '../../core/json.js'
import type { AssistantPart, ReasoningPart } from '../../core/message.js'
import { signatureIn } from './wire.js'

export function reasoningParts(item: Members): ReasoningPart[] {
  const signature = signatureIn(item.encrypted_content)
  const base = reasoningBase(item)
  const parts: ReasoningPart[] = [
    ...asObjects(item.summary).map(({ text }) => ({ ...base, text: asString(text) ?? '', summary: true })),
    ...asObjects(item.content).map(({ text }) => ({ ...base, text: asString(text) ?? '' })),
  ]
  if (!signature) return parts
  const last = parts.pop()
  return [...parts, last ? { ...last, signature } : { ...base, text: '', redacted: true, signature }]
}

export function reasoningBase({ id }: Members): Pick<ReasoningPart, 'type' | 'id'> {
  return typeof id === 'string' ? { type: 'reasoning', id } : { type: 'reasoning' }
}

/** Whether a part goes on with the item of the part before it: the same id, and no signature yet, which closes an item. */
export function continues(before: AssistantPart | undefined, part: ReasoningPart): boolean {
  return before?.type === 'reasoning' && before.id !== undefined && before.id === part.id && !before.signature
}
