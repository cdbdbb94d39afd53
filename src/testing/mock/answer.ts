import { asObject, parseJson } from '../../core/json.js'
import { schemaInstance } from './schema-instance.js'
import { tokensOf } from './words.js'

/** What a request asks for, once its vendor's words are taken off. */
export interface Asked {
  /** What the user said last. */
  readonly text: string
  readonly images: number
  readonly files: number
  readonly tools: readonly { readonly name: string; readonly schema?: unknown }[]
  readonly choice: ToolWish
  /** Several calls in one answer are allowed. */
  readonly parallel: boolean
  /** What the tools said, when they spoke last. */
  readonly results: readonly string[]
  /** A schema that the answer is held to; `true` for any JSON object. */
  readonly format?: Record<string, unknown> | true
  readonly thinking: boolean
  readonly stop: readonly string[]
  readonly maxTokens?: number
  /** The beginning of the answer, when the caller wrote it. */
  readonly prefill?: string
}

export type ToolWish = 'auto' | 'none' | 'required' | { readonly names: readonly string[] }

export interface ToolCall {
  readonly name: string
  /** JSON, whole unless the answer ran out of tokens. */
  readonly args: string
}

export interface Answer {
  readonly thinking: string
  readonly text: string
  readonly calls: readonly ToolCall[]
  readonly finish: 'stop' | 'stop-sequence' | 'length' | 'tool-calls'
  readonly stopSequence?: string
  /** Tokens of the whole answer, those of the thinking included. */
  readonly tokens: number
  readonly thinkingTokens: number
}

export function argsObject(call: ToolCall): Record<string, unknown> {
  return asObject(parseJson(call.args))
}

/** The answer, decided by the request alone. `index` tells the answers to one request with `n` apart. */
export function answerTo(asked: Asked, seed: string, index = 0): Answer {
  const thinking = asked.thinking ? `I was asked: ${asked.text}` : ''
  const calls = callsFor(asked, seed)
  const whole = calls.length > 0 ? '' : afterPrefill(textFor(asked, seed), asked.prefill) + (index > 0 ? ` (${index + 1})` : '')
  const stopped = cutAtStop(whole, asked.stop)
  return limit({ thinking, text: stopped.text, calls, stopSequence: stopped.sequence }, asked.maxTokens)
}

function callsFor(asked: Asked, seed: string): ToolCall[] {
  const { choice } = asked
  if (choice === 'none' || asked.tools.length === 0 || asked.results.length > 0) return []
  const allowed = typeof choice === 'object' ? asked.tools.filter((tool) => choice.names.includes(tool.name)) : asked.tools
  const wanted = asked.parallel && asked.text.includes('parallel') ? allowed : allowed.slice(0, 1)
  return wanted.map((tool) => ({
    name: tool.name,
    args: JSON.stringify(tool.schema === undefined ? {} : schemaInstance(tool.schema, `${seed}/${tool.name}`)),
  }))
}

function textFor(asked: Asked, seed: string): string {
  if (asked.format === true) return JSON.stringify({ echo: asked.text })
  if (asked.format) return JSON.stringify(schemaInstance(asked.format, seed))
  const count = (number: number, word: string) => (number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`])
  const media = [...count(asked.images, 'image'), ...count(asked.files, 'file')].join(', ')
  const words = [asked.text, media && `[${media}]`].filter(Boolean).join(' ')
  if (asked.results.length === 0) return `Echo: ${words}`
  const quoted = `Tool results: ${asked.results.map((result) => `"${result}"`).join('; ')}`
  return words ? `${quoted} Echo: ${words}` : quoted
}

/** A model that is given the beginning of its answer says only the rest. */
function afterPrefill(text: string, prefill: string | undefined): string {
  return prefill && text.startsWith(prefill) ? text.slice(prefill.length) : text
}

function cutAtStop(text: string, stop: readonly string[]): { text: string; sequence?: string } {
  let at = -1
  let sequence: string | undefined
  for (const candidate of stop) {
    const found = candidate === '' ? -1 : text.indexOf(candidate)
    if (found >= 0 && (at < 0 || found < at)) {
      at = found
      sequence = candidate
    }
  }
  return sequence === undefined ? { text } : { text: text.slice(0, at), sequence }
}

interface Draft {
  readonly thinking: string
  readonly text: string
  readonly calls: readonly ToolCall[]
  readonly stopSequence: string | undefined
}

/** Tokens are spent on thinking, then text, then tool calls; where they run out, the answer is cut. */
function limit(draft: Draft, maxTokens = Number.POSITIVE_INFINITY): Answer {
  let left = maxTokens
  let cut = false
  const spend = (text: string): string => {
    const tokens = tokensOf(text)
    cut ||= tokens.length > left
    const kept = tokens.slice(0, Math.max(0, left))
    left -= kept.length
    return cut ? kept.join('') : text
  }
  const thinking = spend(draft.thinking)
  const text = spend(draft.text)
  const calls: ToolCall[] = []
  for (const call of draft.calls) {
    if (cut) break
    calls.push({ name: call.name, args: spend(call.args) })
  }
  const thinkingTokens = tokensOf(thinking).length
  const tokens = thinkingTokens + tokensOf(text).length + calls.reduce((sum, call) => sum + tokensOf(call.args).length, 0)
  const base = { thinking, text, calls, tokens: Math.max(1, tokens), thinkingTokens }
  if (cut) return { ...base, finish: 'length' }
  if (calls.length > 0) return { ...base, finish: 'tool-calls' }
  if (draft.stopSequence !== undefined) return { ...base, finish: 'stop-sequence', stopSequence: draft.stopSequence }
  return { ...base, finish: 'stop' }
}
