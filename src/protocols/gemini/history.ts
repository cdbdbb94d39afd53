/** `systemInstruction` and `contents` as neutral messages. */
import { asObject, asString, isObject } from '../../core/json.js'
import type {
  AssistantPart,
  Message,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  UserPart,
} from '../../core/message.js'
import { invalid } from '../invalid.js'
import type { ReportLoss } from '../protocol.js'
import { decodeMedia } from './media.js'
import { PartialArgs } from './partial-args.js'
import { decodeCall, decodePart } from './parts.js'
import { Unanswered } from './unanswered.js'
import { message, messages } from './wire.js'

/** @throws LeashError `invalid_request` when a turn is of an unknown role, or a response answers no call */
export function decodeContents(systemInstruction: unknown, contents: readonly unknown[], lose: ReportLoss): Message[] {
  const decoder = new HistoryDecoder(lose)
  if (systemInstruction !== undefined) decoder.system(message(systemInstruction))
  for (const [index, content] of contents.entries()) decoder.turn(message(content), `contents[${index}]`)
  return decoder.out
}

/** What a part of a turn can be. Other members stand beside it. */
const kinds = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse', 'executableCode', 'codeExecutionResult']
const read = new Set([...kinds, 'thought', 'thoughtSignature'])

class HistoryDecoder {
  readonly out: Message[] = []
  readonly #lose: ReportLoss
  /** Calls whose response has not come yet. */
  readonly #waiting = new Unanswered()
  #calls = 0
  /** Of the last turn, which may have very many parts: they are not copied for each new one. */
  #said: AssistantPart[] = []
  #results: ToolResultPart[] = []
  /** The call whose arguments come in pieces, and where it stands. */
  #growing:
    | { readonly call: ToolCallPart; readonly said: AssistantPart[]; readonly at: number; readonly pieces: PartialArgs }
    | undefined

  constructor(lose: ReportLoss) {
    this.#lose = lose
  }

  system({ parts }: Record<string, unknown>): void {
    const content = messages(parts).flatMap((part, index): TextPart[] => {
      if (typeof part.text === 'string') return part.text === '' ? [] : [{ type: 'text', text: part.text }]
      this.#lose(`systemInstruction.parts[${index}]`, 'dropped', 'A system message is text.')
      return []
    })
    if (content.length > 0) this.out.push({ role: 'system', content })
  }

  turn({ role = 'user', parts }: Record<string, unknown>, path: string): void {
    if (!Array.isArray(parts) && !isObject(parts)) throw invalid(`${path}.parts`, 'must be a list of parts.')
    const each = messages(parts).map((part, index) => ({ part, path: `${path}.parts[${index}]` }))
    for (const { part, path } of each) this.#noticeUnread(part, path)
    if (role === 'model') {
      for (const { part, path } of each) this.#model(part, path)
      return
    }
    if (role !== 'user' && role !== 'function') throw invalid(`${path}.role`, 'must be `user` or `model`.')
    const responses = each.filter(({ part }) => part.functionResponse !== undefined)
    for (const { part, path } of responses) this.#response(message(part.functionResponse), path)
    const content = each.flatMap(({ part, path }) => (part.functionResponse === undefined ? this.#user(part, path) : []))
    if (content.length > 0) this.out.push({ role: 'user', content })
  }

  /** A part of another kind is reported as a whole. */
  #noticeUnread(part: Record<string, unknown>, path: string): void {
    if (!kinds.some((kind) => part[kind] !== undefined)) return
    for (const member of Object.keys(part))
      if (!read.has(member)) this.#lose(`${path}.${member}`, 'dropped', 'Other vendors have no word for it.')
    const { mimeType, displayName } = message(part.inlineData ?? part.fileData)
    if (displayName && /^(image|audio)\//.test(asString(mimeType) ?? ''))
      this.#lose(`${path}.displayName`, 'dropped', 'Other vendors know names of files, not of images and sound.')
  }

  #user(part: Record<string, unknown>, path: string): UserPart[] {
    if (typeof part.text === 'string') return part.text === '' ? [] : [{ type: 'text', text: part.text }]
    const media = decodeMedia(part)
    if (media) return [media]
    this.#lose(path, 'dropped', 'A kind of part that no other vendor has.')
    return []
  }

  #model(part: Record<string, unknown>, path: string): void {
    if (part.functionResponse !== undefined) this.#response(message(part.functionResponse), path)
    else if (part.functionCall !== undefined) this.#call(part, path)
    else {
      const decoded = decodePart(part, path, this.#lose)
      if (decoded) this.#say(decoded)
    }
  }

  /** Each chunk of a stream may be a content of its own, and one without a name goes on with the call before it. */
  #call(part: Record<string, unknown>, path: string): void {
    const { name, args, partialArgs, willContinue } = message(part.functionCall)
    if (!this.#growing || name) {
      const call = decodeCall(part, `call_${this.#calls++}`)
      if (call.name === '') throw invalid(`${path}.functionCall.name`, 'must say which function was called.')
      this.#waiting.add({ id: call.id, name: call.name })
      this.#say(call)
      const isPiece = willContinue === true || partialArgs !== undefined
      this.#growing = isPiece ? { call, said: this.#said, at: this.#said.length - 1, pieces: new PartialArgs() } : undefined
    }
    if (!this.#growing) return
    const { call, said, at, pieces } = this.#growing
    pieces.merge(asObject(args))
    pieces.add(partialArgs)
    said[at] = { ...call, arguments: pieces.json }
    if (willContinue !== true) this.#growing = undefined
  }

  /** A turn may come in many contents: Google's SDK keeps each chunk of a stream as one. */
  #say(part: AssistantPart): void {
    if (this.out.at(-1)?.role !== 'assistant') {
      this.#said = [part]
      this.out.push({ role: 'assistant', content: this.#said })
      return
    }
    const before = this.#said.at(-1)
    // A signature ends the thinking that it signs, which a stream may have spelt in many parts before it.
    const grows = part.type === before?.type && isUnsigned(before) && (part.type === 'reasoning' || isUnsigned(part))
    if (grows) this.#said[this.#said.length - 1] = { ...part, text: before.text + part.text }
    else this.#said.push(part)
  }

  #response(response: Record<string, unknown>, path: string): void {
    const { id, name, response: result, parts, ...rest } = response
    for (const member of Object.keys(rest))
      this.#lose(`${path}.functionResponse.${member}`, 'dropped', 'Other vendors have no word for it.')
    const call = this.#waiting.take(id, name)
    if (!call) throw invalid(path, 'answers no function call before it. Send the call too.')
    const media = messages(parts).flatMap((each) => decodeMedia(each) ?? [])
    if (media.some(({ type }) => type === 'audio'))
      this.#lose(`${path}.functionResponse.parts`, 'dropped', 'A result holds no sound.')
    const { content, isError } = textOf(result)
    const part: ToolResultPart = {
      type: 'tool-result',
      ...call,
      content: [...content, ...media.filter((each) => each.type !== 'audio')],
      ...(isError && { isError }),
    }
    if (this.out.at(-1)?.role === 'tool') this.#results.push(part)
    else {
      this.#results = [part]
      this.out.push({ role: 'tool', content: this.#results })
    }
  }
}

/** `output` and `error` are Google's words; any other object is the result itself. */
function textOf(result: unknown): { content: TextPart[]; isError: boolean } {
  if (!isObject(result)) return { content: [], isError: false }
  const names = Object.keys(result)
  const only = names.length === 1 ? names[0] : undefined
  const isError = only === 'error'
  const value = isError || only === 'output' ? asString(result[only]) : undefined
  const text = value ?? JSON.stringify(result)
  return { content: text === '' ? [] : [{ type: 'text', text }], isError }
}

function isUnsigned(part: AssistantPart): part is TextPart | ReasoningPart {
  return (part.type === 'text' || part.type === 'reasoning') && !part.signature
}
