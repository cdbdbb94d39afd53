/** Neutral messages in the words of Chat Completions. */
import type { AssistantPart, FilePart, ImagePart, Message, TextPart, ToolResultPart } from '../../core/message.js'
import { extraContent } from '../extra-content.js'
import type { ReportLoss } from '../protocol.js'
import { writeText, writeUserPart } from './media.js'
import { writeReasoning } from './reasoning.js'
import { type WireMessage, type WireTextPart, type WireToolCall, type WireUserMessage, writeCache } from './wire.js'

/** A neutral message can become several: each result of a tool is a message of its own here. */
export function writeMessages(messages: readonly Message[], lose: ReportLoss): WireMessage[] {
  const wire: WireMessage[] = []
  for (const message of messages) wire.push(...writeMessage(message, wire.length, lose))
  return wire
}

function writeMessage(message: Message, at: number, lose: ReportLoss): WireMessage[] {
  const path = `messages[${at}]`
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: writeTexts(message.content) }]
    case 'user': {
      const { role, content, name } = message
      return [{ role, content: writeUserContent(content, path, lose), ...(name !== undefined && { name }) }]
    }
    case 'assistant':
      return [writeAssistant(message, path, lose)]
    case 'tool':
      return writeResults(message.content, at, lose)
  }
}

/** One bare text is a string, as every compatible server reads it; a list is for what a string cannot say. */
function writeTexts(parts: readonly TextPart[]): string | WireTextPart[] {
  const [first] = parts
  if (!first) return ''
  return parts.length === 1 && !first.cache ? first.text : parts.map(writeText)
}

type UserContent = (Message & { role: 'user' })['content']

function writeUserContent(content: UserContent, path: string, lose: ReportLoss): WireUserMessage['content'] {
  if (content.every((part) => part.type === 'text')) return writeTexts(content)
  return content.flatMap((part, index) => writeUserPart(part, `${path}.content[${index}]`, lose) ?? [])
}

function writeAssistant({ content, name }: Message & { role: 'assistant' }, path: string, lose: ReportLoss): WireMessage {
  reportUnsaid(content, path, lose)
  const texts = content.flatMap((part) => (part.type === 'text' && part.text !== '' ? [part] : spoken(part)))
  const refusals = content.filter((part) => part.type === 'refusal')
  const calls = content.filter((part) => part.type === 'tool-call')
  const audio = content.find((part) => part.type === 'audio' && part.source.kind === 'file-id')
  return {
    role: 'assistant',
    ...writeReasoning(content),
    content: texts.length > 0 || (calls.length === 0 && refusals.length === 0 && !audio) ? writeTexts(texts) : null,
    ...(refusals.length > 0 && { refusal: refusals.map(({ text }) => text).join('') }),
    ...(audio?.type === 'audio' && audio.source.kind === 'file-id' && { audio: { id: audio.source.id } }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(
        (call): WireToolCall => ({
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: call.arguments },
          ...extraContent(call.signature),
          ...writeCache(call.cache),
        }),
      ),
    }),
    ...(name !== undefined && { name }),
  }
}

/** What was said aloud, where only the words of it can be sent. */
function spoken(part: AssistantPart): TextPart[] {
  if (part.type !== 'audio' || part.source.kind === 'file-id' || !part.transcript) return []
  return [{ type: 'text', text: part.transcript }]
}

function reportUnsaid(content: readonly AssistantPart[], path: string, lose: ReportLoss): void {
  const firstCall = content.findIndex(({ type }) => type === 'tool-call')
  for (const [index, part] of content.entries()) {
    const at = `${path}.content[${index}]`
    if (part.type === 'image') lose(at, 'dropped', 'Chat Completions takes no images from the assistant.')
    if (part.type === 'audio' && part.source.kind !== 'file-id') {
      if (part.transcript) lose(at, 'approximated', 'Of what the assistant said aloud, only the transcript is sent.')
      else lose(at, 'dropped', 'Chat Completions takes what the assistant said aloud only by its id.')
    }
    if (part.type === 'text' && part.text !== '' && firstCall >= 0 && firstCall < index)
      lose(at, 'approximated', 'In Chat Completions the text of a turn stands before its tool calls.')
  }
}

type Media = ImagePart | FilePart

/**
 * Tool messages are text, so what else the tools gave follows in a user message, after the last result of the turn:
 * between two of them OpenAI takes no other message.
 */
function writeResults(results: readonly ToolResultPart[], at: number, lose: ReportLoss): WireMessage[] {
  const wire: WireMessage[] = []
  const media: { readonly of: string; readonly parts: readonly Media[] }[] = []
  for (const [index, { id, content, isError, cache }] of results.entries()) {
    const path = `messages[${at + index}]`
    const texts = content.filter((part) => part.type === 'text')
    const parts = content.filter((part) => part.type !== 'text')
    if (isError)
      lose(`${path}.is_error`, 'approximated', 'Chat Completions marks no result as failed; its text is sent as it is.')
    if (parts.length > 0) {
      media.push({ of: id, parts })
      texts.push({ type: 'text', text: pointer(parts) })
      lose(`${path}.content`, 'approximated', 'A tool message is text; its media are sent in the user message after it.')
    }
    wire.push({ role: 'tool', tool_call_id: id, content: writeTexts(texts), ...writeCache(cache) })
  }
  if (media.length > 0) wire.push(mediaMessage(media, `messages[${at + results.length}]`, lose))
  return wire
}

function pointer(parts: readonly Media[]): string {
  const images = parts.every(({ type }) => type === 'image')
  return `[${parts.length} ${images ? 'image' : 'file'}${parts.length > 1 ? 's' : ''} in the next user message]`
}

function mediaMessage(
  media: readonly { readonly of: string; readonly parts: readonly Media[] }[],
  path: string,
  lose: ReportLoss,
): WireUserMessage {
  const content = media.flatMap(({ of, parts }) => [
    { type: 'text' as const, text: `From the result of tool call ${of}:` },
    ...parts.flatMap((part) => writeUserPart(part, `${path}.content`, lose) ?? []),
  ])
  return { role: 'user', content }
}
