/** Reads and edits calls and answers in place. */
import { asObject, isObject, type JsonObject } from '../../core/json.js'
import { editedList } from '../edited-list.js'
import { compileTexts } from '../lens.js'
import { lookup } from '../lookup.js'
import type { Lens, ReplaceText, TextKind } from '../protocol.js'
import { PartTap } from './tap.js'
import { asksForRegion, readTier, readUsage } from './usage.js'

type Texts = (body: JsonObject, replace: ReplaceText) => JsonObject

const around = compileTexts({ 'tools.*.description': 'description', 'responseFormat.description': 'description' })
const file = { 'data.text': 'text' } as const
const cited = { 'citations.*.citedText': 'text', 'citations.*.source.title': 'text' } as const

const whole = compileTexts({ content: 'text' })
/** Of several texts of an answer, the one that is to be read as an object: it stands among them too. */
const structured = compileTexts({ structuredOutputText: 'text' })

/** What a part says stands where its type tells, in requests and in answers. */
const parts: Readonly<Record<string, Texts>> = {
  text: compileTexts({ text: 'text', ...cited }),
  reasoning: compileTexts({ text: 'reasoning' }),
  file: compileTexts(file),
  source: compileTexts({ title: 'text' }),
  'tool-call': compileTexts({ input: 'arguments' }),
  'tool-result': (part, replace) => outcome(output(part, replace), replace),
  'tool-approval-response': compileTexts({ reason: 'tool-result' }),
}

/** Of a tool that the provider ran. */
const outcome = compileTexts({ result: 'tool-result' })

const outputs: Readonly<Record<string, Texts>> = {
  'execution-denied': compileTexts({ reason: 'tool-result' }),
  // The data of its files is no text.
  content: compileTexts({ 'value.*.text': 'tool-result', 'value.*.data.text': 'tool-result' }),
}
const value = compileTexts({ value: 'tool-result' })

function output(part: JsonObject, replace: ReplaceText): JsonObject {
  const { output } = part
  if (!isObject(output)) return part
  const texts = lookup(outputs, output.type) ?? value
  const replaced = texts(output, (text, kind, path = '') => replace(text, kind, `.output${path}`))
  return replaced === output ? part : { ...part, output: replaced }
}

const events: Readonly<Record<string, Texts>> = {
  'text-delta': compileTexts({ delta: 'text' }),
  'text-end': compileTexts(cited),
  'reasoning-delta': compileTexts({ delta: 'reasoning' }),
  'tool-input-delta': compileTexts({ delta: 'arguments' }),
  'tool-call': compileTexts({ input: 'arguments' }),
  'tool-result': outcome,
  source: compileTexts({ title: 'text' }),
}

function replaceRequest(body: JsonObject, replace: ReplaceText): JsonObject {
  return around(each(body, 'prompt', replace, inMessage), replace)
}

function inMessage(message: JsonObject, replace: ReplaceText): JsonObject {
  return typeof message.content === 'string' ? whole(message, replace) : inContent(message, replace)
}

function inContent(body: JsonObject, replace: ReplaceText): JsonObject {
  return each(body, 'content', replace, (part, replace) => lookup(parts, part.type)?.(part, replace) ?? part)
}

/** The object with each item of one of its lists edited; the object itself when none changed. */
function each(body: JsonObject, member: string, replace: ReplaceText, edit: Texts): JsonObject {
  const list = body[member]
  if (!Array.isArray(list)) return body
  const edited = editedList(list, (item, index) => {
    const within = (text: string, kind: TextKind, path = '') => replace(text, kind, `.${member}.${index}${path}`)
    return isObject(item) ? edit(item, within) : item
  })
  return edited === list ? body : { ...body, [member]: edited }
}

export const lens: Lens = {
  replaceRequest,
  replaceResponse: (body, replace) => structured(inContent(body, replace), replace),
  replaceEvent: (event, replace) => lookup(events, event.type)?.(event, replace) ?? event,
  // Its arguments have come in deltas.
  repeats: ({ type }) => type === 'tool-call',
  usage: (body) => readUsage(asObject(body).usage),
  tier: readTier,
  regional: asksForRegion,
  usageMembers: ['usage', 'providerMetadata'],
  tap: () => new PartTap(),
}
