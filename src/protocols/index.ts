/**
 * Every protocol, by its name. Each is loaded by the first call in it, and a translation by the first call that crosses, so
 * that an edge worker which talks to one vendor does not start with the words of all.
 */
import { LeashError } from '../core/errors.js'
import type { ChatCodec, EmbedCodec, Native, Protocol } from './protocol.js'

type Entry = {
  /**
   * Addresses that calls in this protocol may go to. What such an address means, the protocol tells once it is loaded.
   * Absent: it is spoken within the process alone.
   */
  readonly path?: RegExp
} & (
  | { readonly kind: 'chat'; load(): Promise<Native<'chat'>>; codec(): Promise<ChatCodec> }
  | { readonly kind: 'embeddings'; load(): Promise<Native<'embeddings'>>; codec(): Promise<EmbedCodec> }
)

const entries: Readonly<Record<string, Entry>> = {
  'openai-chat': {
    kind: 'chat',
    path: /\/chat\/completions\/?$/,
    load: async () => (await import('./openai-chat/native.js')).native,
    codec: async () => (await import('./openai-chat/index.js')).openaiChat,
  },
  'openai-responses': {
    kind: 'chat',
    path: /\/responses\/?$/,
    load: async () => (await import('./openai-responses/native.js')).native,
    codec: async () => (await import('./openai-responses/index.js')).openaiResponses,
  },
  'openai-embeddings': {
    kind: 'embeddings',
    path: /\/embeddings\/?$/,
    load: async () => (await import('./openai-embeddings/native.js')).native,
    codec: async () => (await import('./openai-embeddings/index.js')).openaiEmbeddings,
  },
  'anthropic-messages': {
    kind: 'chat',
    // OpenAI's assistants keep messages in threads.
    path: /^(?!.*\/threads\/)(?:.*\/)?messages\/?$|\/publishers\/anthropic\/models\/[^/:]+:(?:stream)?rawPredict$/i,
    load: async () => (await import('./anthropic-messages/native.js')).native,
    codec: async () => (await import('./anthropic-messages/index.js')).anthropicMessages,
  },
  gemini: {
    kind: 'chat',
    path: /:(?:generateContent|streamGenerateContent)$/,
    load: async () => (await import('./gemini/native.js')).native,
    codec: async () => (await import('./gemini/index.js')).gemini,
  },
  'gemini-embeddings': {
    kind: 'embeddings',
    path: /:(?:embedContent|batchEmbedContents|predict)$/,
    load: async () => (await import('./gemini-embeddings/native.js')).native,
    codec: async () => (await import('./gemini-embeddings/index.js')).geminiEmbeddings,
  },
  'bedrock-converse': {
    kind: 'chat',
    path: /\/model\/.+\/converse(?:-stream)?$/,
    load: async () => (await import('./bedrock-converse/native.js')).native,
    codec: async () => (await import('./bedrock-converse/index.js')).bedrockConverse,
  },
  'bedrock-embeddings': {
    kind: 'embeddings',
    path: /\/model\/.+\/invoke$/,
    load: async () => (await import('./bedrock-embeddings/native.js')).native,
    codec: async () => (await import('./bedrock-embeddings/index.js')).bedrockEmbeddings,
  },
  'ai-sdk': {
    kind: 'chat',
    load: async () => (await import('./ai-sdk/native.js')).native,
    codec: async () => (await import('./ai-sdk/index.js')).aiSdk,
  },
  'ai-sdk-embeddings': {
    kind: 'embeddings',
    load: async () => (await import('./ai-sdk-embeddings/native.js')).native,
    codec: async () => (await import('./ai-sdk-embeddings/index.js')).aiSdkEmbeddings,
  },
}

export const protocolNames: readonly string[] = Object.keys(entries)

const loaded = new Map<string, Protocol>()

/** A client calls the same few paths over and over. */
const asked = new Map<string, readonly string[]>()
const mostAsked = 100

/** No vendor's address is longer, ARNs and all; on one that is, the patterns could be made to run for seconds. */
const longestPath = 4096

/** The names of the protocols that a POST to this path may be in. */
export function protocolsAt(path: string): readonly string[] {
  if (path.length > longestPath) return []
  let names = asked.get(path)
  if (!names) {
    names = protocolNames.filter((name) => entries[name]?.path?.test(path))
    if (asked.size >= mostAsked) asked.clear()
    asked.set(path, names)
  }
  return names
}

export function kindOf(name: string): Protocol['kind'] | undefined {
  return entries[name]?.kind
}

/** The protocol itself when it is at hand, which it is from its second call on. */
export function protocolNamed(name: string): Protocol | Promise<Protocol> | undefined {
  const ready = loaded.get(name)
  const entry = entries[name]
  return ready ?? (entry && load(name, entry))
}

/** The same. @throws LeashError `invalid_config` for a name that is none */
export function knownProtocol(name: string): Protocol | Promise<Protocol> {
  const found = protocolNamed(name)
  if (found) return found
  throw new LeashError('invalid_config', `The protocol "${name}" is unknown. Known: ${protocolNames.join(', ')}.`)
}

/** The protocol when it has been loaded: that of a call under way always has. */
export function protocolAtHand(name: string): Protocol | undefined {
  return loaded.get(name)
}

async function load(name: string, entry: Entry): Promise<Protocol> {
  const protocol: Protocol =
    entry.kind === 'chat' ? { ...(await entry.load()), codec: entry.codec } : { ...(await entry.load()), codec: entry.codec }
  loaded.set(name, protocol)
  return protocol
}
