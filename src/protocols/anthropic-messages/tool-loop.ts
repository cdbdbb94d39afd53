/**
 * A tool loop that another vendor has begun. Told to think by a budget, Claude wants the turn whose calls are now answered to
 * begin with its own thinking, and refuses the request otherwise. Models that think by effort do not mind.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use
 */
import { asArray, asObject, asObjects, asString, type JsonObject } from '../../core/json.js'
import type { Message } from '../../core/message.js'

type Part = Message['content'][number]

export const unsignedLoop = 'Claude cannot begin to think amid a tool loop whose thinking it has not signed'

export function resumesUnsigned(messages: readonly Message[]): boolean {
  // The beginning of an answer goes where Claude thinks.
  const last = messages.findLastIndex(({ role }) => role === 'user' || role === 'tool')
  const at = messages.findLastIndex(({ role, content }, at) => role === 'assistant' && at < last && content.some(says))
  const asked = messages[at]
  if (asked?.role !== 'assistant' || !messages.slice(at).some(({ role }) => role === 'tool')) return false
  return !asked.content.some(isSigned)
}

const isSigned = (part: Part) => part.type === 'reasoning' && part.signature?.format === 'anthropic-claude-v1'

/** Whatever else is all that there is of a turn, the turn does not go to Claude. */
function says(part: Part): boolean {
  if (part.type === 'text' || part.type === 'refusal') return part.text.trim() !== ''
  return part.type === 'tool-call' || isSigned(part)
}

/** Ids as Claude makes them where it speaks this protocol. Bedrock's own, `tooluse_…`, are those of all its models. */
const madeByClaude = /^toolu_/

/** The body of a caller of this protocol whose conversation was elsewhere in between; the same one when it was not. */
export function withoutUnsignedLoop(body: JsonObject, dropped: () => void): JsonObject {
  if (asObject(body.thinking).type !== 'enabled') return body
  const [asked, answered] = asArray(body.messages).slice(-2).map(blocksOf)
  if (!asked || !answered?.some(({ type }) => type === 'tool_result')) return body
  const foreign = asked.some(({ type, id }) => type === 'tool_use' && !madeByClaude.test(asString(id) ?? ''))
  if (!foreign || asked.some(({ type }) => type === 'thinking' || type === 'redacted_thinking')) return body
  dropped()
  const { thinking: _, ...rest } = body
  return rest
}

const blocksOf = (message: unknown) => asObjects(asObject(message).content)
