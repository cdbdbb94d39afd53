import { asArray, asObject, type Json, type JsonObject } from '../../core/json.js'
import type { ReportLoss } from '../protocol.js'
import { isForeign } from './carrier.js'
import { withoutForeignSources } from './citations.js'

/**
 * The history without what another vendor made, for a conversation that has begun elsewhere: Anthropic refuses a signature that is
 * not its own, and wants its own seal in the sources that it has found.
 */
export function withoutForeign(body: JsonObject, lose: ReportLoss): JsonObject {
  let messages: Json[] | undefined
  for (const [at, message] of asArray(body.messages).entries()) {
    const { role, content } = asObject(message)
    // Most have nothing of it.
    if (role !== 'assistant' || !Array.isArray(content) || !content.some(hasForeign)) continue
    const kept = (content as Json[]).flatMap((block, index) => ownOf(block, `messages[${at}].content[${index}]`, lose))
    messages ??= [...(body.messages as Json[])]
    messages[at] = { ...(message as JsonObject), content: kept }
  }
  return messages ? { ...body, messages: messages.filter((message) => !isEmpty(message)) } : body
}

const hasForeign = (block: Json) => isForeign(block) || withoutForeignSources(block) !== block

function ownOf(block: Json, path: string, lose: ReportLoss): Json[] {
  if (isForeign(block)) {
    lose(path, 'dropped', 'reasoning that another vendor made')
    return []
  }
  const own = withoutForeignSources(block)
  if (own !== block) lose(`${path}.citations`, 'dropped', 'sources that another vendor told')
  return [own]
}

function isEmpty(message: Json): boolean {
  const { role, content } = asObject(message)
  return role === 'assistant' && Array.isArray(content) && content.length === 0
}
