import type { Provider } from '../core/provider.js'
import { bearer } from './credentials.js'
import { endpoint } from './endpoint.js'
import { readEnv } from './env.js'
import { checkedHeaders } from './headers.js'
import { openaiPath, openaiProtocols, responsesFirst } from './openai-paths.js'
import { openaiTraits, prefersResponses } from './openai-traits.js'
import { type ProviderOptions, traitsWith } from './options.js'

export interface OpenAIOptions extends ProviderOptions {
  /** @defaultValue `OPENAI_ORG_ID` */
  readonly organization?: string | undefined
  /** @defaultValue `OPENAI_PROJECT_ID` */
  readonly project?: string | undefined
}

const home = 'https://api.openai.com/v1'

/**
 * OpenAI. Reads `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID`, as OpenAI's own SDK does.
 *
 * @example
 * openai({ apiKey: () => vault.read('openai') })
 */
export function openai(options: OpenAIOptions = {}): Provider {
  const { name = 'openai', env } = options
  const { send, get, ...shared } = endpoint({
    name,
    options,
    base: home,
    baseVariable: { name: 'OPENAI_BASE_URL' },
    credentials: [{ option: 'apiKey', given: options.apiKey, variables: ['OPENAI_API_KEY'], headers: bearer }],
  })
  const whose = () => {
    const organization = options.organization ?? readEnv('OPENAI_ORG_ID', env)
    const project = options.project ?? readEnv('OPENAI_PROJECT_ID', env)
    const named = {
      ...(organization && { 'openai-organization': organization }),
      ...(project && { 'openai-project': project }),
    }
    return checkedHeaders(named, name)
  }
  const atHome = () => /^https:\/\/([\w-]+\.)*openai\.com(\/|$)/.test(options.baseURL ?? readEnv('OPENAI_BASE_URL', env) ?? home)
  return {
    name,
    protocols: openaiProtocols,
    protocolsFor: (model) => (prefersResponses(model) ? responsesFirst : openaiProtocols),
    traits: traitsWith((model) => openaiTraits(model, atHome()), options.traits),
    ...shared,
    prepare: (request) => send(request, { path: openaiPath(request.protocol, name), headers: whose() }),
    probe: (path = 'models') => get(path, whose()),
  }
}
