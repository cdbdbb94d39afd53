/** A vendor's declared quirks, worked into a body in OpenAI's own words: a caller's, or one that we translated. */
import { asArray, asObject, isObject, type Json, type JsonObject } from '../../core/json.js'
import type { Traits } from '../../core/provider.js'
import { editedList } from '../edited-list.js'
import type { ReportLoss } from '../protocol.js'
import { shortId } from '../short-id.js'

/** Gives back the same object when there is nothing to do. */
type Quirk = (body: JsonObject, traits: Traits, lose: ReportLoss) => JsonObject

const quirks: readonly Quirk[] = [
  maxTokens,
  systemRole,
  requiredToolChoice,
  callIds,
  structuredOutput,
  reasoningEffort,
  imageUrls,
  carriers,
  refused,
]

export const adapt: Quirk = (body, traits, lose) => quirks.reduce((adapted, quirk) => quirk(adapted, traits, lose), body)

function maxTokens(body: JsonObject, { maxTokensField }: Traits): JsonObject {
  if (!maxTokensField) return body
  const other = maxTokensField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  if (!(other in body)) return body
  if (body[other] == null || body[maxTokensField] != null) return without(body, other)
  // In its place, so that the order of the members stays.
  const renamed = Object.entries(body).filter(([name]) => name !== maxTokensField)
  return Object.fromEntries(renamed.map(([name, value]) => [name === other ? maxTokensField : name, value]))
}

function systemRole(body: JsonObject, { systemRole }: Traits): JsonObject {
  if (systemRole !== 'system') return body
  return mapItems(body, 'messages', (message) => (message.role === 'developer' ? { ...message, role: 'system' } : message))
}

function requiredToolChoice(body: JsonObject, { requiredToolChoice }: Traits): JsonObject {
  return requiredToolChoice === 'any' && body.tool_choice === 'required' ? { ...body, tool_choice: 'any' } : body
}

/** A conversation that another vendor's model has a part in has that vendor's ids. A call and its result keep one name. */
function callIds(body: JsonObject, { shortCallIds, longestCallId }: Traits): JsonObject {
  const taken = (id: string) => (shortCallIds ? /^[a-zA-Z0-9]{9}$/.test(id) : id.length <= (longestCallId ?? id.length))
  if (!shortCallIds && longestCallId === undefined) return body
  const shortened = (object: JsonObject, member: string): JsonObject => {
    const id = object[member]
    return typeof id !== 'string' || taken(id) ? object : { ...object, [member]: shortId(id) }
  }
  return mapItems(body, 'messages', (message) =>
    mapItems(shortened(message, 'tool_call_id'), 'tool_calls', (call) => shortened(call, 'id')),
  )
}

function structuredOutput(body: JsonObject, { structuredOutput = 'json-schema' }: Traits, lose: ReportLoss): JsonObject {
  const format = asObject(body.response_format)
  const asked = format.type
  if (asked !== 'json_schema' && asked !== 'json_object') return body
  if (structuredOutput === 'json-schema' || (structuredOutput === 'json' && asked === 'json_object')) return body
  const { schema } = asObject(format.json_schema)
  const instruction = isObject(schema)
    ? `Answer with one JSON value that follows this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}`
    : 'Answer with one JSON object, and with nothing else.'
  lose('response_format', 'approximated', 'The target has no such format; a system message asks for it in words.')
  const told = { ...body, messages: withInstruction(asArray(body.messages), instruction) as Json[] }
  return structuredOutput === 'json' ? { ...told, response_format: { type: 'json_object' } } : without(told, 'response_format')
}

/** After the instructions that are there, and before the conversation: the start of the prompt stays what a cache knows. */
function withInstruction(messages: readonly unknown[], content: string): unknown[] {
  const isSystem = (message: unknown) => ['system', 'developer'].includes(String(asObject(message).role))
  const first = messages.findIndex((message) => !isSystem(message))
  const at = first < 0 ? messages.length : first
  return [...messages.slice(0, at), { role: 'system', content }, ...messages.slice(at)]
}

function reasoningEffort(body: JsonObject, { reasoningEffort }: Traits, lose: ReportLoss): JsonObject {
  if (reasoningEffort !== false || body.reasoning_effort == null) return body
  lose('reasoning_effort', 'dropped', 'The target takes no effort of reasoning.')
  return without(body, 'reasoning_effort')
}

function imageUrls(body: JsonObject, { imageUrls }: Traits, lose: ReportLoss): JsonObject {
  if (imageUrls !== false) return body
  return mapItems(body, 'messages', (message, at) =>
    mapItems(
      message,
      'content',
      (part, path) => {
        const url = isObject(part.image_url) ? part.image_url.url : part.image_url
        if (part.type !== 'image_url' || typeof url !== 'string' || !/^https?:/.test(url)) return part
        lose(path, 'approximated', 'The target fetches no images from the web; it is told the address. Send the bytes as base64.')
        return { type: 'text', text: `[image: ${url}]` }
      },
      at,
    ),
  )
}

/** Members by the conventions of some vendors, which others refuse wherever they stand. */
const carried = new Set([
  ...['reasoning_content', 'reasoning', 'reasoning_details', 'extra_content', 'images', 'annotations'],
  ...['cache_control', 'prompt_cache_breakpoint', 'name', 'refusal'],
])
/** Those that change what an answer costs, or what is told beside it, never what it says. */
const hints = new Set(['cache_control', 'prompt_cache_breakpoint', 'stream_options'])

const thinking = ['reasoning_content', 'reasoning_details', 'extra_content'] as const

/** Looks at what the assistant said, and at nothing else: a caller's own body is not to be read twice. */
function carriers(body: JsonObject, { carriers }: Traits, lose: ReportLoss): JsonObject {
  if (carriers !== false) return body
  const plain = (object: JsonObject, path: string): JsonObject =>
    thinking.reduce((left, name) => {
      if (!(name in left)) return left
      lose(`${path}.${name}`, 'dropped', `The target does not take \`${name}\`.`)
      return without(left, name)
    }, object)
  return mapItems(body, 'messages', (message, path) =>
    message.role === 'assistant' ? mapItems(plain(message, path), 'tool_calls', plain, path) : message,
  )
}

function refused(body: JsonObject, { refuses }: Traits, lose: ReportLoss): JsonObject {
  if (!refuses || refuses.length === 0) return body
  const plain = (object: JsonObject, names: readonly string[], path: string): JsonObject => {
    let left = object
    for (const name of names) {
      if (!(name in left)) continue
      if (left[name] != null)
        lose(path + name, hints.has(name) ? 'approximated' : 'dropped', `The target does not take \`${name}\`.`)
      left = without(left, name)
    }
    return left
  }
  const names = refuses.filter((name) => carried.has(name))
  const top = plain(body, refuses, '')
  if (names.length === 0) return top
  const each = (object: JsonObject, path: string) => plain(object, names, `${path}.`)
  /** A message that holds a refusal alone would be left with nothing. */
  const spoken = (message: JsonObject, path: string): JsonObject => {
    const { refusal, content, tool_calls } = message
    if (!names.includes('refusal') || typeof refusal !== 'string' || content != null || tool_calls != null) return message
    lose(`${path}.refusal`, 'approximated', 'The target does not take `refusal`: it is told as text.')
    return without({ ...message, content: refusal }, 'refusal')
  }
  const messages = mapItems(top, 'messages', (message, path) => {
    const parts = mapItems(each(spoken(message, path), path), 'content', each, path)
    return mapItems(parts, 'tool_calls', each, path)
  })
  return mapItems(messages, 'tools', each)
}

function without(body: JsonObject, name: string): JsonObject {
  const { [name]: _, ...rest } = body
  return rest
}

/** Maps the objects in a list that is a member of `body`; the same object comes back when none of them changed. */
function mapItems(body: JsonObject, member: string, map: (item: JsonObject, path: string) => JsonObject, path = ''): JsonObject {
  const list = body[member]
  if (!Array.isArray(list)) return body
  const mapped = editedList(list, (item, index) =>
    isObject(item) ? map(item, `${path && `${path}.`}${member}[${index}]`) : item,
  )
  return mapped === list ? body : { ...body, [member]: mapped }
}
