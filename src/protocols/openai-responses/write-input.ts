/** From messages to `input` items. */
import type {
  ResponseFunctionToolCall,
  ResponseInputContent,
  ResponseInputItem,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseReasoningItem,
} from 'openai/resources/responses/responses'
import type { AssistantPart, AudioPart, ImagePart, Message, ToolResultPart } from '../../core/message.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { isUnreadable } from './maker.js'
import { encodeContent, noticeCache } from './media.js'
import { continues } from './reasoning.js'
import { callIdOf, phaseIn } from './wire.js'

type AssistantMessageItem = {
  type: 'message'
  role: 'assistant'
  content: (Pick<ResponseOutputText, 'type' | 'text'> | ResponseOutputRefusal)[]
  phase?: string
}

export type InputItem =
  | ResponseInputItem.Message
  | AssistantMessageItem
  /**
   * Without its id: `encrypted_content` is the whole of it, and an id makes OpenAI look for the very message or call that
   * followed ("was provided without its required following item"), whose id nobody carries.
   */
  | Omit<ResponseReasoningItem, 'id'>
  | ResponseFunctionToolCall
  | ResponseInputItem.FunctionCallOutput

export function encodeInput(messages: readonly Message[], context: EncodeContext): InputItem[] {
  return messages.flatMap((message, index) => encodeMessage(message, `messages[${index}]`, context))
}

function encodeMessage(message: Message, path: string, context: EncodeContext): InputItem[] {
  if ('name' in message && message.name !== undefined)
    context.lose(`${path}.name`, 'dropped', 'The Responses API has no names of participants.')
  if (message.role === 'assistant') return encodeAssistant(message.content, path, context)
  if (message.role === 'tool') return message.content.map((result, at) => encodeResult(result, `${path}.content[${at}]`, context))
  return encodeUser(message, path, context)
}

function encodeUser(message: Extract<Message, { role: 'system' | 'user' }>, path: string, context: EncodeContext): InputItem[] {
  const content = message.content.flatMap((part, at) => encodeContent(part, `${path}.content[${at}]`, context) ?? [])
  return content.length > 0 ? [{ type: 'message', role: message.role, content }] : []
}

function encodeAssistant(parts: readonly AssistantPart[], path: string, context: EncodeContext): InputItem[] {
  const { lose } = context
  const items: InputItem[] = []
  const spoken = () => {
    const last = items.at(-1)
    return last && 'role' in last && last.role === 'assistant' ? last : undefined
  }
  const say = (content: AssistantMessageItem['content'][number], phase?: string) => {
    const last = spoken()
    if (last && last.phase === phase) last.content.push(content)
    else items.push({ type: 'message', role: 'assistant', content: [content], ...(phase !== undefined && { phase }) })
  }
  for (const [index, part] of parts.entries()) {
    const at = `${path}.content[${index}]`
    noticeCache(part, at, lose)
    const signature = part.type === 'text' || part.type === 'tool-call' ? part.signature : undefined
    const phase = signature && phaseIn(signature)
    if (signature && phase === undefined) lose(`${at}.signature`, 'dropped', 'It means something to its own vendor only.')
    switch (part.type) {
      case 'text':
        if (part.text !== '') say({ type: 'output_text', text: part.text }, phase)
        // To a caller of Gemini's streams it came behind the text.
        else if (phase !== undefined) Object.assign(spoken() ?? {}, { phase })
        break
      case 'refusal':
        say({ type: 'refusal', refusal: part.text })
        break
      case 'reasoning':
        if (index === 0 || !continues(parts[index - 1], part)) items.push(...encodeReasoning(parts, index, at, context))
        break
      case 'tool-call':
        items.push({ type: 'function_call', call_id: callIdOf(part.id), name: part.name, arguments: part.arguments })
        break
      case 'audio':
      case 'image':
        encodeMedia(part, at, lose, say)
        break
    }
  }
  return withoutDangling(items, path, lose)
}

function encodeMedia(
  part: AudioPart | ImagePart,
  path: string,
  lose: ReportLoss,
  say: (content: { type: 'output_text'; text: string }) => void,
): void {
  if (part.type === 'audio' && part.transcript) {
    say({ type: 'output_text', text: part.transcript })
    lose(path, 'approximated', 'The Responses API takes no audio of the assistant: its transcript went instead.')
  } else {
    lose(path, 'dropped', `The Responses API takes no ${part.type} of the assistant.`)
  }
}

/**
 * The item that begins at this part, with the parts that continue it. All of its text is summary, though another protocol
 * may have forgotten that on the way: OpenAI shows nothing else, and takes no `content` back ("array too long").
 */
function encodeReasoning(
  parts: readonly AssistantPart[],
  from: number,
  path: string,
  { model, traits, lose }: EncodeContext,
): InputItem[] {
  const summary: ResponseReasoningItem.Summary[] = []
  let encrypted: string | undefined
  let isForeign = false
  for (let index = from; index < parts.length; index++) {
    const part = parts[index]
    if (part?.type !== 'reasoning' || (index > from && !continues(parts[index - 1], part))) break
    if (part.text !== '') summary.push({ type: 'summary_text', text: part.text })
    if (!part.signature) continue
    const { format, value } = part.signature
    if (format !== 'openai-responses-v1' || isUnreadable(value, traits.baseModel ?? model)) isForeign = true
    else encrypted = value
  }
  if (encrypted === undefined) {
    lose(
      path,
      'dropped',
      isForeign ? 'The reasoning is signed by another vendor.' : 'The reasoning comes without its encrypted content.',
    )
    return []
  }
  return [{ type: 'reasoning', summary, encrypted_content: encrypted }]
}

/** Reasoning that nothing follows is refused, as in a turn that was cut short. */
function withoutDangling(items: InputItem[], path: string, lose: ReportLoss): InputItem[] {
  let kept = items.length
  while (kept > 0 && items[kept - 1]?.type === 'reasoning') kept--
  if (kept < items.length) lose(path, 'dropped', 'Reasoning that neither a text nor a tool call follows is refused.')
  return items.slice(0, kept)
}

function encodeResult(result: ToolResultPart, path: string, context: EncodeContext): InputItem {
  if (result.isError)
    context.lose(`${path}.is_error`, 'dropped', 'The Responses API does not mark failed tools. The text still tells.')
  noticeCache(result, path, context.lose)
  const content: ResponseInputContent[] = result.content.flatMap(
    (part, at) => encodeContent(part, `${path}.content[${at}]`, context) ?? [],
  )
  const [only] = content
  const plain = content.length === 1 && only?.type === 'input_text' ? only.text : undefined
  const output = content.length === 0 ? '' : (plain ?? content)
  return { type: 'function_call_output', call_id: callIdOf(result.id), output }
}
