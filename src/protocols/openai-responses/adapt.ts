/** What a native body needs before it goes to a target of the same protocol. */
import { asString, isObject, type Json, type JsonObject } from '../../core/json.js'
import type { Traits } from '../../core/provider.js'
import { editedList } from '../edited-list.js'
import type { ReportLoss } from '../protocol.js'
import { isUnreadable } from './maker.js'
import { callIdOf, ourReasoning, signatureIn } from './wire.js'

export function adapt(body: JsonObject, traits: Traits, lose: ReportLoss): JsonObject {
  return withoutRefused(withOwnInput(body, traits, lose), traits.refuses, lose)
}

/** A conversation may have begun elsewhere: the state of other vendors, which rides in this protocol, is refused by this one. */
function withOwnInput(body: JsonObject, traits: Traits, lose: ReportLoss): JsonObject {
  const { input } = body
  if (!Array.isArray(input)) return body
  const model = traits.baseModel ?? asString(body.model) ?? ''
  const own = input.flatMap((item, index): Json[] => {
    if (!isObject(item)) return [item]
    return ownItem(item, `input[${index}]`, model, traits, lose)
  })
  return own.length === input.length && own.every((item, index) => item === input[index]) ? body : { ...body, input: own }
}

function ownItem(item: JsonObject, path: string, model: string, { systemRole }: Traits, lose: ReportLoss): Json[] {
  if (item.type === 'reasoning') {
    if (!isForeign(item, model)) return [item]
    lose(path, 'dropped', 'The reasoning is of another vendor.')
    return []
  }
  if (item.role === 'developer' && systemRole === 'system') return [{ ...item, role: 'system' }]
  if (item.type === 'function_call') return [withCallId(withoutExtra(item))]
  if (item.type === 'function_call_output') return [withCallId(item)]
  if (item.role === 'assistant' && Array.isArray(item.content)) return [withPlainContent(item, item.content)]
  return [item]
}

function isForeign({ encrypted_content, id }: JsonObject, model: string): boolean {
  const signature = signatureIn(encrypted_content)
  const name = asString(id) ?? ''
  if (signature ? signature.format !== 'openai-responses-v1' : name.startsWith(ourReasoning)) return true
  return isUnreadable(signature?.value ?? '', model, name)
}

function withCallId(item: JsonObject): JsonObject {
  const id = asString(item.call_id) ?? ''
  const own = callIdOf(id)
  return own === id ? item : { ...item, call_id: own }
}

function withoutExtra(value: JsonObject): JsonObject {
  if (!('extra_content' in value)) return value
  const { extra_content: _, ...rest } = value
  return rest
}

function withPlainContent(item: JsonObject, content: Json[]): JsonObject {
  const plain = editedList(content, (part) => (isObject(part) ? withoutExtra(part) : part))
  return plain === content ? item : { ...item, content: plain }
}

export function withoutRefused(body: JsonObject, refuses: readonly string[] = [], lose: ReportLoss): JsonObject {
  const refused = refuses.filter((name) => body[name] !== undefined)
  if (refused.length === 0) return body
  const kept = { ...body }
  for (const name of refused) {
    delete kept[name]
    lose(name, 'dropped', `The target refuses \`${name}\`.`)
  }
  return kept
}
