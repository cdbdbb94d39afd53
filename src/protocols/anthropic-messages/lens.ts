/** Where the texts of a request, an answer and a stream event stand. */
import { asObject, isObject, type JsonObject } from '../../core/json.js'
import { editedList } from '../edited-list.js'
import { compileTexts } from '../lens.js'
import type { Lens, ReplaceText, TextKind } from '../protocol.js'
import { MessageTap } from './tap.js'
import { isRegional, readTier, readUsage } from './usage.js'

/** A block of the caller's, or of an earlier answer, standing at `at`. */
const blockTexts = (at: string): Record<string, TextKind> => ({
  [`${at}.text`]: 'text',
  [`${at}.thinking`]: 'reasoning',
  [`${at}.input`]: 'arguments',
  // What a tool gave back, and the texts of a search result.
  [`${at}.content`]: 'tool-result',
  [`${at}.content.*.text`]: 'tool-result',
  [`${at}.content.stdout`]: 'tool-result',
  [`${at}.content.stderr`]: 'tool-result',
  [`${at}.content.*.content.*.text`]: 'tool-result',
  [`${at}.content.*.title`]: 'tool-result',
  [`${at}.content.*.context`]: 'tool-result',
  // What a tool of Anthropic's own gave back: a file that was looked into or changed, advice, the title of a page.
  [`${at}.content.content`]: 'tool-result',
  [`${at}.content.content.title`]: 'tool-result',
  [`${at}.content.lines.*`]: 'tool-result',
  [`${at}.content.text`]: 'tool-result',
  // A document in blocks of its own.
  [`${at}.source.content`]: 'text',
  [`${at}.source.content.*.text`]: 'text',
  [`${at}.content.*.source.content`]: 'tool-result',
  [`${at}.content.*.source.content.*.text`]: 'tool-result',
  [`${at}.title`]: 'text',
  [`${at}.context`]: 'text',
  [`${at}.citations.*.cited_text`]: 'text',
  [`${at}.citations.*.document_title`]: 'text',
  [`${at}.citations.*.title`]: 'text',
})

const requestTexts = compileTexts({
  system: 'text',
  'system.*.text': 'text',
  'messages.*.content': 'text',
  ...blockTexts('messages.*.content.*'),
  'tools.*.description': 'description',
  // How what was said is to be summed up.
  'context_management.edits.*.instructions': 'text',
})

const responseTexts = compileTexts({ ...blockTexts('content.*'), 'stop_details.explanation': 'text' })

const eventTexts = compileTexts({
  ...blockTexts('content_block'),
  ...blockTexts('message.content.*'),
  'delta.text': 'text',
  'delta.thinking': 'reasoning',
  'delta.partial_json': 'arguments',
  'delta.citation.cited_text': 'text',
  'delta.citation.document_title': 'text',
  'delta.citation.title': 'text',
  // A summary in the place of what was said before.
  'delta.content': 'tool-result',
  'delta.stop_details.explanation': 'text',
})

/** A document given as plain text stands where others have base64, which must stay as it is. */
function documentTexts(body: JsonObject, replace: ReplaceText): JsonObject {
  const messages = each(body.messages, (message) => member(message, 'content', (content) => each(content, inBlock)))
  return messages === body.messages ? body : { ...body, messages: messages as JsonObject[] }

  function inBlock(block: Record<string, unknown>): Record<string, unknown> {
    if (block.type === 'tool_result') return member(block, 'content', (content) => each(content, inBlock))
    if (block.type === 'web_fetch_tool_result') return member(block, 'content', inPage)
    const source = asObject(block.source)
    if (source.type !== 'text' || typeof source.data !== 'string') return block
    const data = replace(source.data, 'text')
    return data === source.data ? block : { ...block, source: { ...source, data } }
  }

  function inPage(page: unknown): unknown {
    return isObject(page) ? member(page, 'content', (content) => (isObject(content) ? inBlock(content) : content)) : page
  }
}

function each(list: unknown, edit: (item: Record<string, unknown>) => Record<string, unknown>): unknown {
  return Array.isArray(list) ? editedList<unknown>(list, (item) => (isObject(item) ? edit(item) : item)) : list
}

function member(object: Record<string, unknown>, name: string, edit: (value: unknown) => unknown): Record<string, unknown> {
  const edited = edit(object[name])
  return edited === object[name] ? object : { ...object, [name]: edited }
}

export const lens: Lens = {
  replaceRequest: (body, replace) => documentTexts(requestTexts(body, replace), replace),
  replaceResponse: responseTexts,
  replaceEvent: eventTexts,
  usageMembers: ['usage'],
  usage(body) {
    const { usage, message } = asObject(body)
    return readUsage(usage ?? asObject(message).usage)
  },
  tier(body, crosses) {
    const { usage, message, service_tier, speed } = asObject(body)
    return readTier({ service_tier, ...(!crosses && { speed }) }) ?? readTier(asObject(usage ?? asObject(message).usage))
  },
  regional: (body) => isRegional(asObject(body)),
  tap: () => new MessageTap(),
}
