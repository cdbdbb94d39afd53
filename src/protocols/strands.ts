/**
 * How the texts of a stream go on from event to event. One table for all protocols, so that it is loaded only where somebody
 * reads what is cut between two events.
 *
 * A strand is named by what it belongs to (a choice, a block, an item), a dot, and where it stands in that.
 */
import { asArray, asObject, asObjects, asString, type JsonObject } from '../core/json.js'
import { lookup } from './lookup.js'
import type { TextKind } from './protocol.js'

export interface Strands {
  /** The strand that the text at this path goes on with; undefined for a text that is whole. */
  of(event: JsonObject, path: string, kind: TextKind): string | undefined
  /** The beginning of the names of strands that nothing more comes of; empty for all of them. */
  closed(event: JsonObject): string | undefined
  /** Those beside it may grow before it does again: it is the arguments of one of several calls, and over when their JSON is. */
  interleaves?(name: string): boolean
  /** The whole texts of this event have come in pieces before. */
  repeats?(event: JsonObject): boolean
}

const tables: Readonly<Record<string, Strands>> = {
  'openai-chat': {
    of: (_, path) => /^\.choices\.(.+)$/.exec(path.includes('.annotations.') ? '' : path)?.[1],
    closed({ choices }) {
      const finished = asObjects(choices).filter(({ finish_reason }) => finish_reason != null && finish_reason !== '')
      return finished.length === 1 ? `${finished[0]?.index ?? 0}.` : finished.length > 1 ? '' : undefined
    },
    interleaves: (name) => name.endsWith('.function.arguments'),
  },
  'openai-responses': {
    of({ type, item_id, output_index, content_index, summary_index, command_index }, path) {
      if (!/\.delta$/.test(asString(type) ?? '')) return undefined
      return `${item_id ?? output_index}.${content_index ?? summary_index ?? command_index}${path}${type}`
    },
    closed({ type, item_id }) {
      if (/^response\.(?:completed|incomplete|failed)$|^error$/.test(asString(type) ?? '')) return ''
      return /\.done$/.test(asString(type) ?? '') ? (item_id === undefined ? '' : `${item_id}.`) : undefined
    },
    repeats: () => true,
  },
  'anthropic-messages': {
    of: ({ index }, path) => (/^\.delta\.(?:text|thinking|partial_json)$/.test(path) ? `${index}${path}` : undefined),
    closed: ({ type, index }) =>
      type === 'content_block_stop' ? `${index}.` : /^(?:message_|error)/.test(asString(type) ?? '') ? '' : undefined,
  },
  gemini: {
    of(_, path, kind) {
      // What is quoted at the end of an answer is whole, and none of its text.
      const [, candidate, member] = /^\.candidates\.([^.]+)(?!.*\.groundingMetadata\.).*\.(text|stringValue)$/.exec(path) ?? []
      return member && `${candidate}.${kind}`
    },
    closed: ({ candidates }) => (asArray(candidates).some((it) => asObject(it).finishReason) ? '' : undefined),
  },
  'bedrock-converse': {
    of: ({ contentBlockIndex }, path) =>
      path.startsWith('.delta.') && !/\.\d/.test(path) ? `${contentBlockIndex}${path}` : undefined,
    closed({ contentBlockIndex, delta, start, stopReason }) {
      if (stopReason !== undefined) return ''
      return contentBlockIndex !== undefined && !delta && !start ? `${contentBlockIndex}.` : undefined
    },
  },
  'ai-sdk': {
    of: ({ type, id }, path) => (/-delta$/.test(asString(type) ?? '') ? `${type} ${id}.${path}` : undefined),
    closed({ type, id }) {
      const [, of] = /^(.+)-end$/.exec(asString(type) ?? '') ?? []
      return of === undefined ? (/^(?:finish|error)$/.test(asString(type) ?? '') ? '' : undefined) : `${of}-delta ${id}.`
    },
    repeats: ({ type }) => type === 'tool-call',
  },
}

const none: Strands = { of: () => undefined, closed: () => undefined }

/** What a strand belongs to. */
export const ownerOf = (strand: string): string => strand.slice(0, strand.indexOf('.'))

export function strandsOf(protocol: string): Strands {
  return lookup(tables, protocol) ?? none
}
