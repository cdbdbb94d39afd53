/** Neutral messages as `systemInstruction` and `contents`. */
import { LeashError } from '../../core/errors.js'
import { parseExact } from '../../core/exact-json.js'
import { isObject, type JsonObject } from '../../core/json.js'
import type {
  AssistantPart,
  ChatRequest,
  Message,
  ReasoningPart,
  Signature,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../core/message.js'
import type { EncodeContext } from '../protocol.js'
import { atLeast, type Generation, generationOf } from './generation.js'
import { isGivenByUs } from './ids.js'
import { encodeMedia, type MediaPart } from './media.js'
import { ownFormat, unsignedCall } from './signature.js'
import type { WireContent, WireFunctionResponse, WirePart } from './wire.js'

interface Encoded {
  readonly system: WirePart[]
  readonly contents: WireContent[]
}

/** @throws LeashError `invalid_request` when nothing is asked, or a tool result answers no call */
export function encodeContents({ messages }: ChatRequest, context: EncodeContext): Encoded {
  const encoder = new ContentsEncoder(context)
  for (const [index, message] of messages.entries()) encoder.add(message, `messages[${index}]`)
  return encoder.finish()
}

class ContentsEncoder {
  readonly #context: EncodeContext
  readonly #generation: Generation
  readonly #system: WirePart[] = []
  readonly #contents: WireContent[] = []
  /** Gemini knows the result of a tool by the tool's name. */
  readonly #names = new Map<string, string>()
  #cacheReported = false

  constructor(context: EncodeContext) {
    this.#context = context
    this.#generation = generationOf(context.traits.baseModel ?? context.model)
  }

  add(message: Message, path: string): void {
    const { lose } = this.#context
    if ('name' in message && message.name !== undefined) lose(`${path}.name`, 'dropped', 'Gemini has no names of speakers.')
    for (const [index, part] of message.content.entries()) this.#noticeCache(part, `${path}.content[${index}]`)
    if (message.role === 'system') this.#systemMessage(message.content, path)
    else this.#push(message.role === 'assistant' ? 'model' : 'user', this.#turn(message, path))
  }

  #systemMessage(content: readonly TextPart[], path: string): void {
    if (this.#contents.length > 0)
      this.#context.lose(path, 'approximated', 'Moved to the system instruction, which stands before all turns.')
    this.#system.push(...content.filter(({ text }) => text !== '').map(({ text }) => ({ text })))
  }

  #turn(message: Exclude<Message, { role: 'system' }>, path: string): WirePart[] {
    switch (message.role) {
      case 'user':
        return message.content.flatMap((part, index) => {
          if (part.type !== 'text') return this.#media(part, `${path}.content[${index}]`)
          return part.text === '' ? [] : { text: part.text }
        })
      case 'assistant':
        return this.#assistant(message.content, path)
      case 'tool':
        return message.content.flatMap((part, index) => this.#result(part, `${path}.content[${index}]`))
    }
  }

  finish(): Encoded {
    if (this.#contents.length > 0) return { system: this.#system, contents: this.#contents }
    if (this.#system.length === 0) {
      throw new LeashError('invalid_request', 'The messages say nothing. Send at least one with content.', { param: 'messages' })
    }
    this.#context.lose('messages', 'approximated', 'Gemini wants a turn of the user: the system message is sent as one.')
    return { system: [], contents: [{ role: 'user', parts: this.#system }] }
  }

  /** Turns of one role that follow each other are one turn. */
  #push(role: WireContent['role'], parts: readonly WirePart[]): void {
    if (parts.length === 0) return
    const last = this.#contents.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else this.#contents.push({ role, parts: [...parts] })
  }

  #media(part: MediaPart, path: string): WirePart[] {
    const { traits, lose } = this.#context
    const media = encodeMedia(part, path, traits.imageUrls !== false, lose)
    return media ? [media] : []
  }

  #assistant(parts: readonly AssistantPart[], path: string): WirePart[] {
    let calls = 0
    return parts.flatMap((part, index) => {
      const at = `${path}.content[${index}]`
      switch (part.type) {
        case 'text': {
          const signed = this.#signed(part.signature, at)
          return part.text === '' && !signed.thoughtSignature ? [] : { text: part.text, ...signed }
        }
        case 'refusal':
          return { text: part.text }
        case 'reasoning':
          return this.#reasoning(part, at)
        case 'tool-call':
          return this.#call(part, calls++ === 0, `${path}.tool_calls[${calls - 1}]`)
        default:
          return this.#media(part, at)
      }
    })
  }

  #signed(signature: Signature | undefined, path: string): { thoughtSignature?: string } {
    if (!signature) return {}
    if (signature.format === ownFormat) return { thoughtSignature: signature.value }
    this.#context.lose(`${path}.signature`, 'dropped', "Another vendor's signature means nothing to Gemini.")
    return {}
  }

  #reasoning(part: ReasoningPart, path: string): WirePart[] {
    if (part.signature && part.signature.format !== ownFormat) {
      this.#context.lose(path, 'dropped', "Another vendor's thinking cannot be handed to Gemini.")
      return []
    }
    const signed = this.#signed(part.signature, path)
    return part.text === '' && !signed.thoughtSignature ? [] : [{ text: part.text, thought: true, ...signed }]
  }

  #call({ id, name, arguments: text, signature }: ToolCallPart, first: boolean, path: string): WirePart[] {
    this.#names.set(id, name)
    const { lose } = this.#context
    const parsed = parseExact(text)
    if (!isObject(parsed)) lose(`${path}.function.arguments`, 'approximated', 'Not a JSON object; sent as one text.')
    const args = (isObject(parsed) ? parsed : { arguments: text }) as JsonObject
    const signed = this.#signed(signature, path)
    if (!signed.thoughtSignature && first && atLeast(this.#generation, 3)) {
      lose(`${path}.signature`, 'approximated', 'Gemini 3 wants its signature on this call; it is told to do without.')
      signed.thoughtSignature = unsignedCall
    }
    return [{ functionCall: { ...(!isGivenByUs(id) && { id }), name, args }, ...signed }]
  }

  #result(part: ToolResultPart, path: string): WirePart[] {
    const { lose } = this.#context
    const name = this.#names.get(part.id) ?? part.name
    if (name === undefined) {
      throw new LeashError('invalid_request', `${path} answers a tool call that no message before it made. Send the call too.`, {
        param: path,
      })
    }
    const text = part.content.flatMap((each) => (each.type === 'text' ? each.text : [])).join('\n')
    const media = part.content.flatMap((each, index) =>
      each.type === 'text' ? [] : this.#media(each, `${path}.content[${index}]`),
    )
    // The words `output` and `error` are Google's: https://ai.google.dev/api/caching#FunctionResponse. The text stays
    // text even where it is JSON: a `$ref` in there would be read as a reference to one of the parts.
    const functionResponse: WireFunctionResponse = {
      ...(!isGivenByUs(part.id) && { id: part.id }),
      name,
      response: part.isError ? { error: text } : { output: text },
    }
    if (media.length === 0) return [{ functionResponse }]
    if (atLeast(this.#generation, 3)) return [{ functionResponse: { ...functionResponse, parts: media } }]
    lose(path, 'approximated', 'The files in this result stand beside it: only Gemini 3 takes them within.')
    return [{ functionResponse }, ...media]
  }

  #noticeCache(part: Message['content'][number], path: string): void {
    const within = part.type === 'tool-result' && part.content.some(({ cache }) => cache)
    if (this.#cacheReported || !(within || ('cache' in part && part.cache))) return
    this.#cacheReported = true
    this.#context.lose(`${path}.cache_control`, 'dropped', 'Gemini chooses by itself what to cache.')
  }
}
