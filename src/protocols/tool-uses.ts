/** How often a vendor may run a search of its own for a request. One table for all protocols, loaded only where somebody counts. */
import { asNumber, asObject, asObjects, asString, type JsonObject } from '../core/json.js'
import type { Nano } from '../core/money.js'
import { type Expected, type Price, worstCase } from '../core/price.js'
import { type Asking, asksForRegion } from './asked-tier.js'
import type { Beside } from './beside.js'
import { feesOf } from './cost-with.js'
import { lookup } from './lookup.js'

/** As often as nearly no answer takes it, where the request does not say how often it may be. */
const usual = 10

/** With the search of the web for enterprises, and that of older models. */
const google = /^(?:google|enterprise_?web)_?search/i

type Tools = readonly Record<string, unknown>[]

const rows: Readonly<Record<string, (tools: Tools, body: JsonObject) => Beside>> = {
  'openai-responses': (tools, { max_tool_calls }) => {
    const most = mostOf(max_tool_calls)
    const named = (name: string) => tools.some(({ type }) => asString(type)?.startsWith(name))
    return {
      searches: named('web_search') ? most : 0,
      preview: named('web_search_preview'),
      fileSearches: named('file_search') ? most : 0,
    }
  },
  'anthropic-messages': (tools) => {
    const search = tools.find(({ type }) => asString(type)?.startsWith('web_search'))
    return { searches: search ? mostOf(search.max_uses) : 0 }
  },
  // Of the tools that it takes for vendors', Claude's search is the one whose uses it tells.
  'ai-sdk': (tools) => {
    const search = tools.find(({ id }) => asString(id)?.startsWith('anthropic.web_search'))
    return { searches: search ? mostOf(asObject(search.args).maxUses) : 0 }
  },
  gemini: (tools) => ({ searches: tools.some((tool) => Object.keys(tool).some((name) => google.test(name))) ? usual : 0 }),
}

/** A number that no vendor takes bounds nothing. */
function mostOf(told: unknown): number {
  const most = asNumber(told)
  return most !== undefined && most >= 0 ? Math.ceil(most) : usual
}

export function toolUses(protocol: string, body: JsonObject): Beside {
  const row = lookup(rows, protocol)
  // Google takes a single item for a list of one.
  return (body.tools && row?.(asObjects([body.tools].flat()), body)) || {}
}

/** What they cost at most. What has no known price is not booked either. */
function toolFees(price: Price, { protocol, body }: Asking): Nano {
  return feesOf(price, toolUses(protocol, body)) ?? 0
}

/** The most that an attempt costs, these with it; null where it has no price. */
export function worstWithTools(price: Price, expected: Expected, asking: Asking): Nano | null {
  const tokens = worstCase(price, { ...expected, regional: asksForRegion(asking) })
  return tokens === null ? null : tokens + toolFees(price, asking)
}
