/** Reads and edits native bodies in place, and watches native streams beside the road. */
import type { LeashError } from '../../core/errors.js'
import { asArray, asObject, isObject, type JsonObject, parseJson } from '../../core/json.js'
import type { Usage } from '../../core/usage.js'
import { editedList } from '../edited-list.js'
import { compileTexts } from '../lens.js'
import { isWhole, malformedEvent } from '../malformed.js'
import type { Lens, ReplaceText, Tap, TextKind, WireEvent } from '../protocol.js'
import { errorIn, errorInEvent } from './error.js'
import { tierIn, usageIn } from './usage.js'
import { saysSomething } from './wire.js'

/** Where a message, or the delta of one, has its texts; `content` is what it says, whoever says it. */
function messagePaths(content: TextKind, prefix = ''): Record<string, TextKind> {
  const paths: Record<string, TextKind> = {
    content,
    // Not what OpenAI takes, but what others may.
    'content.*': content,
    'content.text': content,
    'content.*.text': content,
    'content.*.refusal': 'text',
    'content.*.thinking.*.text': 'reasoning',
    refusal: 'text',
    reasoning: 'reasoning',
    reasoning_content: 'reasoning',
    'reasoning_details.*.text': 'reasoning',
    'reasoning_details.*.summary': 'reasoning',
    'tool_calls.*.function.arguments': 'arguments',
    'tool_calls.*.custom.input': 'text',
    'function_call.arguments': 'arguments',
    'audio.transcript': 'text',
    'annotations.*.url_citation.title': 'text',
    'annotations.*.url_citation.content': 'text',
  }
  return Object.fromEntries(Object.entries(paths).map(([path, kind]) => [prefix + path, kind]))
}

const spoken = compileTexts(messagePaths('text'))
const toolResult = compileTexts(messagePaths('tool-result'))
const aroundMessages = compileTexts({
  'tools.*.function.description': 'description',
  'tools.*.custom.description': 'description',
  'functions.*.description': 'description',
  'response_format.json_schema.description': 'description',
  'prediction.content': 'text',
  'prediction.content.*.text': 'text',
  // What Groq and vLLM take beside the messages.
  'documents.*': 'text',
  'documents.*.title': 'text',
  'documents.*.text': 'text',
  'documents.*.source.text': 'text',
  'documents.*.source.data': 'text',
})
const responseTexts = compileTexts(messagePaths('text', 'choices.*.message.'))
const eventTexts = compileTexts(messagePaths('text', 'choices.*.delta.'))

function replaceRequest(body: JsonObject, replace: ReplaceText): JsonObject {
  const replaced = aroundMessages(body, replace)
  if (!Array.isArray(body.messages)) return replaced
  const messages = editedList(body.messages, (message) => {
    if (!isObject(message)) return message
    // Who speaks stands beside the text, where a path cannot look.
    const texts = message.role === 'tool' || message.role === 'function' ? toolResult : spoken
    return texts(message, replace)
  })
  return messages === body.messages ? replaced : { ...replaced, messages }
}

export const lens: Lens = {
  replaceRequest,
  replaceResponse: responseTexts,
  replaceEvent: eventTexts,
  usage: usageIn,
  tier: tierIn,
  usageMembers: ['usage', 'service_tier'],
  tap: () => new ChunkTap(),
}

/**
 * Runs for every chunk of every stream, so it parses only what it must: all chunks until the first content, then those
 * that can tell of an end. In JSON a quote inside a text is escaped, so a member's name is never mistaken for prose.
 */
class ChunkTap implements Tap {
  content = false
  began?: boolean
  usage: Usage | undefined
  tier: string | undefined
  error: LeashError | undefined
  #done = false
  readonly #unfinished = new Set<unknown>()
  #finished = false

  get terminal(): boolean {
    return this.#done || (this.#finished && this.#unfinished.size === 0)
  }

  see({ event, data }: WireEvent): void {
    if (this.#done) return
    if (data === '[DONE]') {
      this.#done = this.content = true
      return
    }
    if (this.content && !this.#finished && event === undefined && isWhole(data) && isPlain(data)) return
    this.#read(parseJson(data), event)
  }

  passes(text: string): boolean {
    const isEvent = text.startsWith('data: {"') && text.endsWith('}\n\n') && text.indexOf('\n\n') === text.length - 2
    return isEvent && !this.#finished && isPlain(text)
  }

  #read(chunk: unknown, event: string | undefined): void {
    this.error ??= errorInEvent(event, chunk)
    if (!isObject(chunk)) this.error ??= malformedEvent()
    this.usage = usageIn(chunk) ?? this.usage
    this.tier = tierIn(chunk) ?? this.tier
    this.began ||= isObject(chunk) && ('created' in chunk || 'model' in chunk)
    for (const choice of asArray(asObject(chunk).choices)) this.#choice(asObject(choice))
  }

  #choice(choice: Record<string, unknown>): void {
    const { index, delta, finish_reason } = choice
    this.error ??= errorIn(choice)
    // What was to be an answer ends with it, and is none: not even where it names a reason.
    if (this.error) return
    const said = saysSomething(asObject(delta))
    if (said) this.content = true
    if (typeof finish_reason === 'string' && finish_reason !== '') {
      this.#unfinished.delete(index)
      this.#finished = this.content = true
    } else if (said || !this.#finished) {
      // Some vendors send a last chunk of nothing for a choice that has finished, Together goes on after a finish.
      this.#unfinished.add(index)
    }
  }
}

/**
 * Whether a chunk is more of the first choice and nothing else: neither a finish, nor usage, nor an error, nor another
 * choice, which must be counted. Where a vendor writes its members in another order than OpenAI, the answer is no.
 *
 * The names are cut so that they begin with a rare character: V8 stops at each occurrence of the first one, and a quote
 * makes the four searches as slow as parsing (1.5 µs for a chunk of 300 bytes, against 0.3).
 */
function isPlain(data: string): boolean {
  const choice = data.indexOf('[{"index":')
  if (choice < 0 || valueAt(data, choice + 10) !== '0') return false
  return !holds(data, 'finish_reason":', '"') && !holds(data, 'usage":', '{') && !holds(data, 'rror":', '{"')
}

/** Whether a member whose name ends so has a value that begins with one of `starts`; most chunks say `null`. */
function holds(data: string, name: string, starts: string): boolean {
  for (let at = data.indexOf(name); at >= 0; at = data.indexOf(name, at)) {
    at += name.length
    if (starts.includes(valueAt(data, at))) return true
  }
  return false
}

function valueAt(data: string, from: number): string {
  let at = from
  while (data[at] === ' ') at++
  return data[at] ?? ''
}
