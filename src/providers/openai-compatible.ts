import { LeashError } from '../core/errors.js'
import type { Provider } from '../core/provider.js'
import { bearer } from './credentials.js'
import { type EndpointSettings, endpoint } from './endpoint.js'
import { checkedProtocols, openaiPath } from './openai-paths.js'
import { type ProviderOptions, traitsWith } from './options.js'

export interface OpenAICompatibleOptions extends ProviderOptions {
  readonly name: string
  /** Up to where `/chat/completions` follows, such as `https://llm.example.com/v1`. */
  readonly baseURL: string
  /** The variable, or variables, that a key is read from when no `apiKey` is given. */
  readonly apiKeyVariable?: string | readonly string[] | undefined
  /** The server wants no key. One that is given is sent all the same. */
  readonly keyless?: boolean | undefined
  /** Which of OpenAI's protocols it speaks. @defaultValue chat completions and embeddings */
  readonly protocols?: readonly string[] | undefined
}

/**
 * Any server that follows OpenAI's API.
 *
 * @example
 * openaiCompatible({ name: 'acme', baseURL: 'https://llm.acme.example/v1', apiKeyVariable: 'ACME_API_KEY' })
 */
export function openaiCompatible(options: OpenAICompatibleOptions): Provider {
  if (typeof options.baseURL !== 'string')
    throw new LeashError('invalid_config', 'openaiCompatible() needs a `baseURL`, such as https://llm.example.com/v1.')
  return compatible(options)
}

/** What a preset knows beyond the options. */
interface Known {
  /** The base, when the options give none. */
  readonly baseURL?: string
  readonly baseVariable?: EndpointSettings['baseVariable']
  /** Whose models the names without a slash are; the server wants it in front of them. */
  readonly owner?: string | undefined
}

export function compatible(
  options: Omit<OpenAICompatibleOptions, 'baseURL'> & ProviderOptions,
  { baseURL: base, baseVariable, owner }: Known = {},
): Provider {
  const { name, apiKeyVariable = [], keyless = false } = options
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name))
    throw new LeashError('invalid_config', 'openaiCompatible() needs a `name` of letters, digits, dots and dashes.')
  const { send, get, ...shared } = endpoint({
    name,
    options,
    base,
    keyless,
    credentials: [{ option: 'apiKey', given: options.apiKey, variables: [apiKeyVariable].flat(), headers: bearer }],
    baseVariable,
  })
  return {
    name,
    protocols: checkedProtocols(options.protocols ?? ['openai-chat', 'openai-embeddings'], name),
    traits: traitsWith(undefined, options.traits),
    ...shared,
    prepare(request) {
      const { protocol, model, body } = request
      const path = openaiPath(protocol, name)
      return owner && !model.includes('/')
        ? send(request, { path, body: { ...body, model: `${owner}/${model}` } })
        : send(request, { path })
    },
    probe: (path = 'models') => get(path),
  }
}
