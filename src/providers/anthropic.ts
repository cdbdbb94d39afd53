import type { Provider } from '../core/provider.js'
import { claudeTraits } from './claude-traits.js'
import { bearer } from './credentials.js'
import { endpoint, notSpoken } from './endpoint.js'
import { checkedHeaders, joinLists } from './headers.js'
import { type ApiKey, type ProviderOptions, traitsWith } from './options.js'

export interface AnthropicOptions extends ProviderOptions {
  /** Sent as a bearer token, for gateways that want one. @defaultValue `ANTHROPIC_AUTH_TOKEN`, when there is no API key */
  readonly authToken?: ApiKey | undefined
}

/** https://platform.claude.com/docs/en/api/versioning */
export const anthropicVersion = '2023-06-01'

/** Anthropic. Reads `ANTHROPIC_API_KEY`, `ANTHROPIC_AUTH_TOKEN` and `ANTHROPIC_BASE_URL`, as Anthropic's own SDK does. */
export function anthropic(options: AnthropicOptions = {}): Provider {
  const { name = 'anthropic' } = options
  const protocols = ['anthropic-messages'] as const
  const { 'anthropic-beta': betas, ...headers } = checkedHeaders(options.headers, name)
  const { send, get, ...shared } = endpoint({
    name,
    options: { ...options, headers, ...(options.baseURL !== undefined && { baseURL: unversioned(options.baseURL) }) },
    base: 'https://api.anthropic.com',
    baseVariable: { name: 'ANTHROPIC_BASE_URL', read: unversioned },
    credentials: [
      { option: 'apiKey', given: options.apiKey, variables: ['ANTHROPIC_API_KEY'], headers: (key) => ({ 'x-api-key': key }) },
      { option: 'authToken', given: options.authToken, variables: ['ANTHROPIC_AUTH_TOKEN'], headers: bearer },
    ],
  })
  return {
    name,
    protocols,
    traits: traitsWith(claudeTraits, options.traits),
    ...shared,
    prepare(request) {
      if (request.protocol !== protocols[0]) throw notSpoken(name, request.protocol)
      return send(request, { path: 'v1/messages', headers: versionHeaders(request.headers, betas) })
    },
    probe: (path = 'v1/models?limit=1') => get(path, versionHeaders({}, betas)),
  }
}

/** The version, unless the caller asked for another, and the caller's betas beside the provider's. */
export function versionHeaders(caller: Readonly<Record<string, string>>, betas?: string): Record<string, string> {
  const beta = joinLists(caller['anthropic-beta'], betas)
  return {
    'anthropic-version': caller['anthropic-version'] ?? anthropicVersion,
    ...(beta !== undefined && { 'anthropic-beta': beta }),
  }
}

/** Anthropic's SDK wants the base without `/v1`, the AI SDK with it: both are understood. */
function unversioned(base: string): string {
  return base.replace(/\/v1\/*(?=\?|$)/, '')
}
