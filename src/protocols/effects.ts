/**
 * What in a request makes the vendor keep or do something beyond the answer, so that sending it twice is not the same as
 * sending it once. One table for all protocols, so that it is loaded only where somebody asks.
 *
 * Tools that only read (a search of the web or of files) or compute in a sandbox of their own have no effect. What a
 * vendor keeps by default, and nobody asked for, is none either: a second copy is in nobody's way.
 */
import type { JsonObject } from '../core/json.js'
import { type Path, someAt } from './path.js'

/** Member names joined by dots, `*` for every item of an array; and what stands there. Without that: anything but null and false. */
type Row = readonly [path: string, is?: true | RegExp]

/** Servers that may send mail or book a room; a container whose files the next call finds changed. */
const tables: Readonly<Record<string, readonly Row[]>> = {
  'openai-chat': [
    // Kept for evaluations, where a second one would count. https://platform.openai.com/docs/api-reference/chat/create
    ['store', true],
    ['tools.*.type', /^mcp$/],
    // A job that goes on when its caller has left. https://docs.x.ai/docs/guides/deferred-chat-completions
    ['deferred', true],
  ],
  // https://platform.openai.com/docs/api-reference/responses/create
  'openai-responses': [
    ['store', true],
    // A job that goes on when its caller has left.
    ['background', true],
    // Both answers would be added to it.
    ['conversation'],
    ['tools.*.type', /^mcp$/],
    ['tools.*.environment.container_id'],
    // Unless it is made for this answer, and then described by an object.
    ['tools.*.container', /./],
  ],
  // https://platform.claude.com/docs/en/api/messages/create
  'anthropic-messages': [['mcp_servers.*'], ['container'], ['thread']],
  // Servers that a provider calls by itself, as the AI SDK names its tools.
  'ai-sdk': [
    ['tools.*.id', /\.mcp$/],
    ['providerOptions.anthropic.mcpServers.*'],
    ['providerOptions.anthropic.container'],
    ['providerOptions.openai.store', true],
    ['providerOptions.openai.conversation'],
  ],
  gemini: [['tools.*.mcpServers.*'], ['tools.*.mcp_servers.*']],
}

interface Compiled {
  readonly path: Path
  counts(value: unknown): boolean
}

const compiled: ReadonlyMap<string, readonly Compiled[]> = new Map(
  Object.entries(tables).map(([protocol, rows]) => [
    protocol,
    rows.map(([path, is]) => ({ path: path.split('.'), counts: (value) => isThere(value, is) })),
  ]),
)

/** Whether a request in this protocol has such effects. */
export function hasEffects(protocol: string, body: JsonObject): boolean {
  return compiled.get(protocol)?.some(({ path, counts }) => someAt(body, path, counts)) ?? false
}

/** What asks for an answer that is made when its caller has left, and fetched by somebody later. */
const later: ReadonlyMap<string, string> = new Map([
  ['openai-chat', 'deferred'],
  ['openai-responses', 'background'],
])

export function isAnsweredLater(protocol: string, body: JsonObject): boolean {
  return body[later.get(protocol) ?? ''] === true
}

function isThere(value: unknown, is: Row[1]): boolean {
  if (is instanceof RegExp) return typeof value === 'string' && is.test(value)
  return is === undefined ? value !== undefined && value !== null && value !== false : value === is
}
