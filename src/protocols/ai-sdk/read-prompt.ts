/** The conversation, from the AI SDK's messages. */
import { asArray, asObject, asObjects, asString, type Members } from '../../core/json.js'
import type { AssistantPart, CacheHint, Message, TextPart, ToolResultPart, UserPart } from '../../core/message.js'
import { invalid } from '../invalid.js'
import type { ReportLoss } from '../protocol.js'
import { readFile } from './media.js'
import { cacheIn, loseOptions, readCarried } from './signature.js'
import { ours } from './wire.js'

/** @throws LeashError `invalid_request` */
export function readPrompt(prompt: unknown, lose: ReportLoss): Message[] {
  if (!Array.isArray(prompt)) throw invalid('prompt', 'is to be a list of messages.')
  return prompt.map((message, index) => readMessage(asObject(message), `prompt[${index}]`, lose))
}

function readMessage(message: Members, path: string, lose: ReportLoss): Message {
  const { role, content } = message
  const parts = asObjects(content)
  const each = <T>(read: (part: Members, path: string, lose: ReportLoss) => T | undefined): T[] =>
    parts.flatMap((part, index) => read(part, `${path}.content[${index}]`, lose) ?? [])
  if (role === 'system' || role === 'user') loseOptions(message, path, lose)
  switch (role) {
    case 'system':
      return { role, content: [{ type: 'text', text: asString(content) ?? '', ...cacheIn(message) }] }
    case 'user':
      return { role, content: marked(each(readUserPart), message) }
    case 'assistant':
      return { role, content: marked(each(readAssistantPart), message) }
    case 'tool':
      return { role, content: marked(each(readToolPart), message) }
  }
  throw invalid(`${path}.role`, 'is to be "system", "user", "assistant" or "tool".')
}

/** What is said of a message's cache holds for its end. */
function marked<T extends { readonly type: string; readonly cache?: CacheHint }>(parts: T[], message: Members): T[] {
  const { cache } = cacheIn(message)
  const last = parts.at(-1)
  if (!cache || !last || last.cache) return parts
  return [...parts.slice(0, -1), { ...last, cache }]
}

function readText(part: Members): TextPart {
  const { signature } = readCarried(part.providerOptions)
  return { type: 'text', text: asString(part.text) ?? '', ...(signature && { signature }), ...cacheIn(part) }
}

function unknownPart({ type }: Members, path: string, lose: ReportLoss): undefined {
  lose(path, 'dropped', `Parts of the type "${String(type)}" belong to one provider, and are not translated.`)
}

function readUserPart(part: Members, path: string, lose: ReportLoss): (UserPart & { cache?: CacheHint }) | undefined {
  loseOptions(part, path, lose)
  if (part.type === 'text') return readText(part)
  if (part.type !== 'file') return unknownPart(part, path, lose)
  const file = readFile(part, path, lose)
  return file && { ...file, ...cacheIn(part) }
}

function readAssistantPart(part: Members, path: string, lose: ReportLoss): (AssistantPart & { cache?: CacheHint }) | undefined {
  const carried = readCarried(part.providerOptions)
  const { signature } = carried
  switch (part.type) {
    case 'text': {
      const refused = asObject(asObject(part.providerOptions)[ours]).refusal === true
      return refused ? { type: 'refusal', text: asString(part.text) ?? '' } : readText(part)
    }
    case 'reasoning':
      return { type: 'reasoning', text: asString(part.text) ?? '', ...carried }
    case 'tool-call':
      if (part.providerExecuted === true) return unknownPart({ type: 'tool-call by the provider' }, path, lose)
      return {
        type: 'tool-call',
        id: asString(part.toolCallId) ?? '',
        name: asString(part.toolName) ?? '',
        arguments: typeof part.input === 'string' ? part.input || '{}' : JSON.stringify(part.input ?? {}),
        ...(signature && { signature }),
        ...cacheIn(part),
      }
    case 'file': {
      const file = readFile(part, path, lose)
      if (file?.type !== 'file') return file
    }
  }
  return unknownPart(part, path, lose)
}

function readToolPart(part: Members, path: string, lose: ReportLoss): ToolResultPart | undefined {
  if (part.type !== 'tool-result') return unknownPart(part, path, lose)
  const output = asObject(part.output)
  const name = asString(part.toolName)
  return {
    type: 'tool-result',
    id: asString(part.toolCallId) ?? '',
    ...(name !== undefined && { name }),
    content: readOutput(output, `${path}.output`, lose),
    ...(/^(?:error-|execution-denied$)/.test(asString(output.type) ?? '') && { isError: true }),
    ...cacheIn(part),
  }
}

function readOutput({ type, value, reason }: Members, path: string, lose: ReportLoss): ToolResultPart['content'] {
  switch (type) {
    case 'content':
      return asArray(value).flatMap((part, index) => readResultPart(asObject(part), `${path}.value[${index}]`, lose) ?? [])
    case 'execution-denied':
      return [{ type: 'text', text: asString(reason) ?? 'The tool was not run: its use was denied.' }]
    default:
      return [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value ?? null) }]
  }
}

function readResultPart(part: Members, path: string, lose: ReportLoss): ToolResultPart['content'][number] | undefined {
  if (part.type === 'text') return readText(part)
  const file = part.type === 'file' ? readFile(part, path, lose) : unknownPart(part, path, lose)
  if (file?.type !== 'audio') return file
  lose(path, 'dropped', 'No vendor takes speech as the result of a tool.')
  return undefined
}
