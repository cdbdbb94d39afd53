/** The conversation, in the AI SDK's messages. */
import { isObject, type JsonObject, parseJson } from '../../core/json.js'
import type { AssistantPart, FilePart, Message, TextPart, ToolResultPart, UserPart } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { writeData } from './media.js'
import { optionsOf } from './signature.js'
import { ours } from './wire.js'

export function writePrompt(messages: readonly Message[], lose: ReportLoss): JsonObject[] {
  const names = new Map<string, string>()
  return messages.flatMap((message, index): JsonObject[] => {
    const path = `messages[${index}]`
    if ('name' in message && message.name !== undefined) lose(`${path}.name`, 'dropped', 'The AI SDK knows no names of speakers.')
    switch (message.role) {
      case 'system':
        return writeSystem(message.content)
      case 'user':
        return [{ role: 'user', content: message.content.map(writeUserPart) }]
      case 'assistant':
        for (const part of message.content) if (part.type === 'tool-call') names.set(part.id, part.name)
        return [{ role: 'assistant', content: message.content.flatMap(writeAssistantPart) }]
      case 'tool':
        return [
          { role: 'tool', content: message.content.map((part) => writeResult(part, part.name ?? names.get(part.id) ?? '')) },
        ]
    }
    return []
  })
}

/** A message of its own for each text, since a breakpoint stands at the end of one. */
function writeSystem(content: readonly TextPart[]): JsonObject[] {
  if (!content.some(({ cache }) => cache)) return [{ role: 'system', content: content.map(({ text }) => text).join('\n\n') }]
  return content.map(({ text, cache }) => ({ role: 'system', content: text, ...optionsOf(cache ? { cache } : {}) }))
}

const writeText = ({ text, ...rest }: TextPart): JsonObject => ({ type: 'text', text, ...optionsOf(rest) })

function writeUserPart(part: UserPart): JsonObject {
  return part.type === 'text' ? writeText(part) : writeMedia(part)
}

function writeMedia(part: Exclude<UserPart, TextPart>): JsonObject {
  const { source } = part
  const told = part.type === 'file' ? nameOf(part) : part.type === 'image' && part.detail ? detailOf(part.detail) : {}
  const mediaType =
    source.kind === 'base64'
      ? source.mediaType
      : part.type === 'file'
        ? (part.mediaType ?? 'application/octet-stream')
        : part.type
  const cache = 'cache' in part && part.cache ? optionsOf({ cache: part.cache }) : {}
  return { type: 'file', mediaType, data: { ...writeData(source) } as JsonObject, ...told, ...cache }
}

const nameOf = ({ name }: FilePart): JsonObject => (name === undefined ? {} : { filename: name })
const detailOf = (imageDetail: string): JsonObject => ({ providerOptions: { openai: { imageDetail } } })

function writeAssistantPart(part: AssistantPart): JsonObject[] {
  switch (part.type) {
    case 'text':
      return [writeText(part)]
    case 'refusal':
      return [{ type: 'text', text: part.text, providerOptions: { [ours]: { refusal: true } } }]
    case 'reasoning':
      return [{ type: 'reasoning', text: part.text, ...optionsOf(part) }]
    case 'tool-call': {
      const { id, name, arguments: text, ...rest } = part
      const input = parseJson(text)
      const { signature, cache } = rest
      const options = optionsOf({ ...(signature && { signature }), ...(cache && { cache }) })
      return [
        { type: 'tool-call', toolCallId: id, toolName: name, input: isObject(input) ? (input as JsonObject) : text, ...options },
      ]
    }
    default:
      return [writeMedia(part)]
  }
}

function writeResult({ id, content, isError, cache }: ToolResultPart, toolName: string): JsonObject {
  const [first] = content
  const type = isError ? 'error-text' : 'text'
  const output: JsonObject =
    content.length === 1 && first?.type === 'text'
      ? { type, value: first.text }
      : isError && content.every((part) => part.type === 'text')
        ? { type, value: content.map(({ text }) => text).join('\n') }
        : { type: 'content', value: content.map((part) => (part.type === 'text' ? writeText(part) : writeMedia(part))) }
  return { type: 'tool-result', toolCallId: id, toolName, output, ...optionsOf(cache ? { cache } : {}) }
}
