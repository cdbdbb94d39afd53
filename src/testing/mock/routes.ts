/** Which address is whose. Prefixes are let pass, so that a base URL with a path in it works too. */
import { percentDecoded } from '../../protocols/percent.js'
import { anthropicCountTokens, anthropicMessages } from '../vendors/anthropic/index.js'
import { anthropicModels } from '../vendors/anthropic/models.js'
import { vertexAnthropic } from '../vendors/anthropic/vertex.js'
import { bedrockConverse } from '../vendors/bedrock/index.js'
import { bedrockEmbeddings } from '../vendors/embeddings/bedrock.js'
import { geminiEmbeddings } from '../vendors/embeddings/gemini.js'
import { openaiEmbeddings } from '../vendors/embeddings/openai.js'
import { geminiModel, geminiModels } from '../vendors/gemini/index.js'
import { openaiModels } from '../vendors/openai/models.js'
import { openaiChat } from '../vendors/openai-chat/index.js'
import { openaiResponses } from '../vendors/openai-responses/index.js'
import type { Endpoint } from './vendor.js'

interface Route {
  readonly method: 'GET' | 'POST'
  /** Matched against the path as it was sent, escapes and all: a model's name may contain an escaped slash. */
  readonly path: RegExp
  readonly endpoint: (names: Names, url: URL, headers: Headers) => Endpoint | undefined
}

/** Lower-case names. */
type Headers = Readonly<Record<string, string>>

/** The parts of the path that the pattern names. */
interface Names {
  readonly model?: string
  readonly action?: string
}

const table: readonly Route[] = [
  {
    method: 'POST',
    path: /(?:\/deployments\/(?<model>[^/]+))?\/chat\/completions$/,
    endpoint: ({ model }) => openaiChat(model),
  },
  {
    method: 'POST',
    path: /(?:\/deployments\/(?<model>[^/]+))?\/embeddings$/,
    endpoint: ({ model }) => openaiEmbeddings(model),
  },
  { method: 'POST', path: /\/responses$/, endpoint: () => openaiResponses() },
  { method: 'POST', path: /\/v1\/messages$/, endpoint: () => anthropicMessages() },
  { method: 'POST', path: /\/v1\/messages\/count_tokens$/, endpoint: () => anthropicCountTokens() },
  {
    method: 'POST',
    path: /\/publishers\/anthropic\/models\/(?<model>[^/:]+):(?<action>\w+)$/,
    endpoint: ({ model = '', action = '' }) => vertexAnthropic(model, action),
  },
  {
    method: 'POST',
    path: /\/publishers\/google\/models\/(?<model>[^/:]+):(?<action>\w+)$/,
    endpoint: ({ model = '', action = '' }, url) => google(model, action, url, true),
  },
  {
    method: 'POST',
    path: /\/v1(?:alpha|beta)?\/(?:models|tunedModels)\/(?<model>[^/:]+):(?<action>\w+)$/,
    endpoint: ({ model = '', action = '' }, url) => google(model, action, url, false),
  },
  {
    method: 'POST',
    path: /\/model\/(?<model>[^/]+)\/(?<action>converse|converse-stream|invoke)$/,
    endpoint: ({ model = '', action }) =>
      action === 'invoke' ? bedrockEmbeddings(model) : bedrockConverse(model, action === 'converse-stream'),
  },
  {
    method: 'GET',
    path: /\/models(?:\/(?<model>.+))?$/,
    // Three vendors have their models at the same address: the key's header tells whose are wanted.
    endpoint: ({ model }, url, headers) => {
      if ('x-goog-api-key' in headers || url.searchParams.has('key')) return geminiModels(model)
      return 'anthropic-version' in headers ? anthropicModels(model) : openaiModels(model)
    },
  },
]

function google(model: string, action: string, url: URL, vertex: boolean): Endpoint | undefined {
  const sse = url.searchParams.get('alt') === 'sse'
  return geminiModel(model, action, sse, vertex) ?? geminiEmbeddings(model, action, vertex)
}

export function route(method: string, url: URL, headers: Headers): Endpoint | undefined {
  for (const { method: wanted, path, endpoint } of table) {
    const match = wanted === method ? path.exec(url.pathname) : null
    const found = match && endpoint(namesOf(match), url, headers)
    if (found) return found
  }
  return undefined
}

function namesOf({ groups = {} }: RegExpExecArray): Names {
  const decoded = Object.entries(groups).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, percentDecoded(value)] as const],
  )
  return Object.fromEntries(decoded)
}
