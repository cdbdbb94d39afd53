import { LeashError } from '../core/errors.js'
import type { Provider, WireRequest } from '../core/provider.js'
import { versionHeaders } from './anthropic.js'
import { pathOf } from './base-url.js'
import { claudeTraits } from './claude-traits.js'
import { bearer } from './credentials.js'
import { type Addressed, endpoint } from './endpoint.js'
import { readEnv } from './env.js'
import { openaiPath, openaiProtocols, responsesFirst } from './openai-paths.js'
import { openaiTraits, prefersResponses } from './openai-traits.js'
import { type ProviderOptions, traitsWith } from './options.js'

export interface AzureOptions extends Omit<ProviderOptions, 'baseURL'> {
  /** The resource's address, such as `https://acme.openai.azure.com` or `https://acme.services.ai.azure.com`. @defaultValue `AZURE_OPENAI_ENDPOINT` */
  readonly endpoint?: string | undefined
  /** The resource's name, instead of its address. */
  readonly resource?: string | undefined
  /** The deployment that serves every call, or one for each model. @defaultValue deployments are named as their models */
  readonly deployment?: string | Readonly<Record<string, string>> | undefined
  /** A dated version such as `2024-10-21`, for the classic API. @defaultValue `OPENAI_API_VERSION`; without either, the v1 API */
  readonly apiVersion?: string | undefined
  /** Gives Microsoft Entra access tokens, in place of a key: `getBearerTokenProvider` of `@azure/identity`. */
  readonly azureADTokenProvider?: (() => string | Promise<string>) | undefined
}

const claudeProtocols = ['anthropic-messages'] as const

/**
 * Azure OpenAI and Microsoft Foundry. The v1 API, which names the deployment in the body, unless a dated `apiVersion`
 * asks for the classic one, which names it in the path. Deployments of Claude are spoken to in Anthropic's protocol.
 *
 * @example
 * azure({ resource: 'acme', azureADTokenProvider: getBearerTokenProvider(new DefaultAzureCredential(), 'https://ai.azure.com/.default') })
 */
export function azure(options: AzureOptions = {}): Provider {
  const { name = 'azure', env, apiKey, azureADTokenProvider, resource } = options
  if (azureADTokenProvider && apiKey !== undefined)
    throw new LeashError('invalid_config', `"${name}" takes either \`apiKey\` or \`azureADTokenProvider\`, not both.`)
  const given = options.endpoint ?? (resource === undefined ? undefined : `https://${resource}.openai.azure.com`)
  const { send, get, ...shared } = endpoint({
    name,
    options: { ...options, baseURL: given === undefined ? undefined : rootOf(given) },
    base: undefined,
    baseVariable: { name: 'AZURE_OPENAI_ENDPOINT', read: rootOf },
    credentials: azureADTokenProvider
      ? [{ option: 'azureADTokenProvider', given: azureADTokenProvider, variables: [], headers: bearer }]
      : [{ option: 'apiKey', given: apiKey, variables: ['AZURE_OPENAI_API_KEY'], headers: (key) => ({ 'api-key': key }) }],
  })
  const nowhere = () =>
    given === undefined && readEnv('AZURE_OPENAI_ENDPOINT', env) === undefined
      ? 'Set AZURE_OPENAI_ENDPOINT, or pass `endpoint` or `resource`.'
      : undefined
  const traits = traitsWith((model) => (isClaude(model) ? claudeTraits(model) : openaiTraits(model)), options.traits)
  return {
    name,
    protocols: openaiProtocols,
    protocolsFor(model) {
      const behind = traits(model).baseModel ?? model
      return isClaude(behind) ? claudeProtocols : prefersResponses(behind) ? responsesFirst : openaiProtocols
    },
    traits,
    ...shared,
    missing: () => nowhere() ?? shared.missing(),
    prepare(request) {
      const homeless = nowhere()
      if (homeless) throw new LeashError('invalid_config', `There is no endpoint for "${name}". ${homeless}`)
      const version = options.apiVersion ?? readEnv('OPENAI_API_VERSION', env)
      return send(request, address(request, deploymentOf(request.model, options.deployment), version, name))
    },
    probe: (path = probePath(options.apiVersion ?? readEnv('OPENAI_API_VERSION', env))) => get(path),
  }
}

function probePath(version: string | undefined): string {
  if (version === undefined || version === 'v1') return 'openai/v1/models'
  return `openai/${isDated(version) ? '' : 'v1/'}models?api-version=${encodeURIComponent(version)}`
}

/** Dated versions are of the classic API. */
function isDated(version: string): boolean {
  return /^\d{4}-/.test(version)
}

function address(request: WireRequest, deployment: string, version: string | undefined, name: string): Addressed {
  const { protocol, body } = request
  const renamed = body.model === undefined || body.model === deployment ? body : { ...body, model: deployment }
  // https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry
  if (protocol === claudeProtocols[0])
    return { path: 'anthropic/v1/messages', headers: versionHeaders(request.headers), body: renamed }
  const path = openaiPath(protocol, name)
  if (version === undefined || !isDated(version)) {
    // https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle
    const query = version === undefined || version === 'v1' ? {} : { query: `api-version=${encodeURIComponent(version)}` }
    return { path: `openai/v1/${path}`, ...query, body: renamed }
  }
  const query = `api-version=${encodeURIComponent(version)}`
  // The classic API, too, names the deployment of a response in the body.
  if (protocol === 'openai-responses') return { path: `openai/${path}`, query, body: renamed }
  return { path: `openai/deployments/${pathOf(deployment)}/${path}`, query, body: renamed }
}

function deploymentOf(model: string, deployment: AzureOptions['deployment']): string {
  if (typeof deployment === 'string') return deployment
  return (deployment && Object.hasOwn(deployment, model) && deployment[model]) || model
}

function isClaude(model: string): boolean {
  return /^claude-/.test(model)
}

/** The portal shows endpoints with and without what our paths begin with, and those of deployments whole. */
function rootOf(endpoint: string): string {
  return endpoint
    .replace(/\/*(\?api-version=[^&]*)?$/, '')
    .replace(/\/(openai|anthropic|models)(\/(v1|deployments)(\/[^?]*)?)?$/, '')
}
