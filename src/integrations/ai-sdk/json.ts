/** What passes between the AI SDK and the stack: within it, all is JSON. */
import { base64Of } from '../../core/base64.js'
import { asArray, asObject, isObject, type Json, type JsonObject } from '../../core/json.js'

/** The same as JSON: bytes in base64, addresses and dates as texts, and nothing that is undefined. */
export function plain(value: object): JsonObject {
  const written = write(value)
  return isObject(written) ? (written as JsonObject) : {}
}

function write(value: unknown): Json | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object') return undefined
  if (Array.isArray(value)) return value.map((item) => write(item) ?? null)
  if (value instanceof Uint8Array) return base64Of(value)
  if ('toJSON' in value && typeof value.toJSON === 'function') return write(value.toJSON())
  const members: JsonObject = {}
  for (const [name, member] of Object.entries(value)) {
    const written = write(member)
    if (written !== undefined) members[name] = written
  }
  return members
}

/** A part with its file's address as the AI SDK has it. What a tool gave as JSON is nobody's to change. */
export function revived(part: unknown): unknown {
  const { data, output } = asObject(part)
  if (isObject(output) && output.type === 'content')
    return { ...asObject(part), output: { ...output, value: asArray(output.value).map(revived) } }
  if (!isObject(data) || data.type !== 'url' || typeof data.url !== 'string' || !URL.canParse(data.url)) return part
  return { ...asObject(part), data: { ...data, url: new URL(data.url) } }
}

/** A conversation likewise. */
export function revivedPrompt(prompt: unknown): unknown[] {
  return asArray(prompt).map((message) => {
    const { content } = asObject(message)
    return Array.isArray(content) ? { ...asObject(message), content: content.map(revived) } : message
  })
}
