/** Reads and edits native bodies in place. */
import { asObject, isObject, type JsonObject } from '../../core/json.js'
import { editedList } from '../edited-list.js'
import { compileTexts } from '../lens.js'
import type { Lens, ReplaceText } from '../protocol.js'
import { GeminiTap } from './tap.js'
import { decodeUsage, queriesIn, tierIn } from './usage.js'

const part = {
  text: 'text',
  'functionCall.args': 'arguments',
  'function_call.args': 'arguments',
  'functionCall.partialArgs.*.stringValue': 'arguments',
  'functionResponse.response': 'tool-result',
  'function_response.response': 'tool-result',
  'executableCode.code': 'text',
  'executable_code.code': 'text',
  'codeExecutionResult.output': 'tool-result',
  'code_execution_result.output': 'tool-result',
  // Of tools that run at Google.
  'toolCall.args': 'arguments',
  'tool_call.args': 'arguments',
  'toolResponse.response': 'tool-result',
  'tool_response.response': 'tool-result',
  'audioTranscription.text': 'text',
  'audio_transcription.text': 'text',
} as const

const parts = compileTexts(part)
const thoughts = compileTexts({ ...part, text: 'reasoning' })
const described = compileTexts({ description: 'description' })
const quotes = compileTexts({
  'candidates.*.groundingMetadata.groundingSupports.*.segment.text': 'text',
  'candidates.*.groundingMetadata.webSearchQueries.*': 'text',
})

/** A thought stands in the same member as any other text, and is told apart by the flag beside it. */
function inContent(content: unknown, replace: ReplaceText): unknown {
  return inMember(content, 'parts', (each) =>
    isObject(each) ? (each.thought === true ? thoughts : parts)(each as JsonObject, replace) : each,
  )
}

/**
 * The object with each item of one of its lists replaced; the object itself when none changed. Google takes a single item for a list
 * of one, and many write `{ "contents": { "parts": { "text": "…" } } }`.
 */
function inMember<T>(value: T, member: string, replace: (item: unknown, index: number) => unknown): T {
  const list = asObject(value)[member]
  if (isObject(list)) {
    const replaced = replace(list, 0)
    return replaced === list ? value : { ...value, [member]: replaced }
  }
  if (!Array.isArray(list)) return value
  const replaced = editedList<unknown>(list, replace)
  return replaced === list ? value : { ...value, [member]: replaced }
}

function replaceAnswer(body: JsonObject, replace: ReplaceText): JsonObject {
  const answered = inMember(body, 'candidates', (candidate, place) => {
    const { content, index = place } = asObject(candidate)
    const replaced = inContent(content, (text, kind, path = '') => replace(text, kind, `.candidates.${index}${path}`))
    return replaced === content ? candidate : { ...asObject(candidate), content: replaced }
  })
  return quotes(answered, replace)
}

function replaceRequest(body: JsonObject, replace: ReplaceText): JsonObject {
  const describe = (each: unknown) => (isObject(each) ? described(each as JsonObject, replace) : each)
  const inTool = (tool: unknown) => inMember(inMember(tool, 'functionDeclarations', describe), 'function_declarations', describe)
  const edited = ['contents', 'systemInstruction', 'system_instruction'].reduce(
    (edited, member) => inMember(edited, member, (content) => inContent(content, replace)),
    body,
  )
  return inMember(edited, 'tools', inTool)
}

/** Where nobody asked for events, a stream is one list. */
function lastOf(body: unknown): unknown {
  return Array.isArray(body) ? body.at(-1) : body
}

/** A search may be told in any part of a list. */
function queriesOf(body: unknown): ReadonlySet<string> {
  return [body].flat().reduce<Set<string>>((queries, part) => queriesIn(part, queries), new Set())
}

export const lens: Lens = {
  replaceRequest,
  replaceResponse: replaceAnswer,
  replaceEvent: replaceAnswer,
  usage: (body) => decodeUsage(asObject(lastOf(body)).usageMetadata, queriesOf(body)),
  tier: (body) => tierIn(lastOf(body)),
  usageMembers: ['usageMetadata'],
  besideMarks: ['SearchQueries"'],
  tap: () => new GeminiTap(),
}
