/** How often a vendor may run a search of its own for a request. One table for all protocols, loaded only where somebody counts. */
import { asNumber, asObjects, asString, type JsonObject } from '../core/json.js'
import type { Beside } from './beside.js'

/** As often as nearly no answer takes it, where the request does not say how often it may be. */
const usual = 10

/** With the search of the web for enterprises, and that of older models. */
const google = /^(?:google|enterprise_?web)_?search/i

type Tools = readonly Record<string, unknown>[]

const rows: Readonly<Record<string, (tools: Tools, body: JsonObject) => Beside>> = {
  'openai-responses': (tools, { max_tool_calls }) => {
    const most = asNumber(max_tool_calls) ?? usual
    const named = (name: string) => tools.some(({ type }) => asString(type)?.startsWith(name))
    return {
      searches: named('web_search') ? most : 0,
      preview: named('web_search_preview'),
      fileSearches: named('file_search') ? most : 0,
    }
  },
  'anthropic-messages': (tools) => {
    const search = tools.find(({ type }) => asString(type)?.startsWith('web_search'))
    return { searches: search ? (asNumber(search.max_uses) ?? usual) : 0 }
  },
  gemini: (tools) => ({ searches: tools.some((tool) => Object.keys(tool).some((name) => google.test(name))) ? usual : 0 }),
}

export function toolUses(protocol: string, body: JsonObject): Beside {
  const row = Object.hasOwn(rows, protocol) ? rows[protocol] : undefined
  // Google takes a single item for a list of one.
  return (body.tools && row?.(asObjects([body.tools].flat()), body)) || {}
}
