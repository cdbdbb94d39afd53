import { LeashError } from '../core/errors.js'
import type { HttpRequest, Provider, Traits, WireRequest } from '../core/provider.js'
import type { GoogleCredentials, GoogleIdentity } from './auth/google.js'
import { claudeTraits } from './claude-traits.js'
import { bearer } from './credentials.js'
import { endpoint } from './endpoint.js'
import { readEnv } from './env.js'
import { geminiTraits } from './gemini-traits.js'
import { type ApiKey, type ProviderOptions, traitsWith } from './options.js'

export interface VertexOptions extends Omit<ProviderOptions, 'apiKey' | 'keys'> {
  /** @defaultValue `GOOGLE_CLOUD_PROJECT` or `GCLOUD_PROJECT`, else the project of the credentials */
  readonly project?: string | undefined
  /** A region, `us`, `eu` or `global`. @defaultValue `GOOGLE_CLOUD_LOCATION` or `CLOUD_ML_REGION`, else `global` */
  readonly location?: string | undefined
  /** A key file's JSON. @defaultValue the application default credentials */
  readonly credentials?: GoogleCredentials | undefined
  /** Gives access tokens, in place of google-auth-library. */
  readonly accessToken?: ApiKey | undefined
  /** A key for Vertex AI in express mode: Gemini only, without a project. */
  readonly apiKey?: ApiKey | undefined
}

const geminiProtocols = ['gemini', 'gemini-embeddings']
const protocols: readonly string[] = [...geminiProtocols, 'anthropic-messages', 'openai-chat']

/**
 * Vertex AI: Gemini, Claude, and the open models that Google serves by its OpenAI-compatible endpoint (`meta/llama-…`).
 * Authenticates by google-auth-library, which is loaded on the first call.
 *
 * @example
 * vertex({ project: 'acme-prod', location: 'europe-west4' })
 */
export function vertex(options: VertexOptions = {}): Provider {
  const { name = 'vertex', env, credentials, apiKey, accessToken } = options
  if (Array.isArray(apiKey)) throw new LeashError('invalid_config', `"${name}" takes one \`apiKey\`, not a list.`)
  // Loaded with the first call that needs it.
  let loaded: Promise<GoogleIdentity> | undefined
  const known = () => {
    loaded ??= import('./auth/google.js').then(({ googleIdentity }) => googleIdentity(name, credentials))
    return loaded
  }
  const identity: GoogleIdentity = {
    headers: async (url) => (await known()).headers(url),
    project: async () => (await known()).project(),
  }
  const location = () =>
    checkedLocation(
      options.location ?? readEnv('GOOGLE_CLOUD_LOCATION', env) ?? readEnv('CLOUD_ML_REGION', env) ?? 'global',
      name,
    )
  const base = () => (express ? hostOf('global') : hostOf(location()))
  const knownProject = () =>
    options.project ?? readEnv('GOOGLE_CLOUD_PROJECT', env) ?? readEnv('GCLOUD_PROJECT', env) ?? credentials?.project_id
  const express = (typeof apiKey === 'function' || Boolean(apiKey?.trim())) && options.project === undefined
  const { send } = endpoint({
    name,
    options,
    base,
    baseVariable: { name: 'GOOGLE_VERTEX_BASE_URL' },
    credentials: [
      { option: 'apiKey', given: apiKey, variables: [], headers: (key) => ({ 'x-goog-api-key': key }) },
      { option: 'accessToken', given: accessToken, variables: [], headers: bearer },
    ],
    identity: identity.headers,
  })

  const traits = traitsWith(knownTraits, options.traits)

  // Loaded with the first call, as the identity is.
  async function prepare(request: WireRequest): Promise<HttpRequest> {
    const { address, parentOf, projectOf } = await import('./vertex-address.js')
    if (express) return send(request, address(request, '', name))
    const project = knownProject() || (await projectOf(identity.project, name))
    return send(request, address(request, parentOf(project, location()), name))
  }

  return {
    name,
    protocols,
    protocolsFor: (model) => protocolsOf(traits(model).baseModel ?? model),
    traits,
    inRegion: (url = base()) => /-aiplatform\.|\.rep\./.test(url),
    missing() {
      if (express || knownProject() || readEnv('GOOGLE_APPLICATION_CREDENTIALS', env)) return undefined
      return 'Set GOOGLE_CLOUD_PROJECT and run `gcloud auth application-default login`, or pass `project` and `credentials`.'
    },
    prepare,
  }
}

function protocolsOf(model: string): readonly string[] {
  if (isClaude(model)) return ['anthropic-messages']
  return isGemini(model) ? geminiProtocols : ['openai-chat']
}

function knownTraits(model: string): Traits {
  if (isClaude(model)) return claudeTraits(model)
  return isGemini(model) ? { ...geminiTraits(model), embedForm: 'predict' } : {}
}

function isClaude(model: string): boolean {
  return /(^|\/)claude-/.test(model)
}

/** Every name without a publisher's, and those that say Google's. */
function isGemini(model: string): boolean {
  return /^(google|publishers\/google|models|projects|endpoints)\//.test(model) || !model.includes('/')
}

/** https://cloud.google.com/vertex-ai/docs/general/locations, and the multi-regions as in Google's own SDK. */
function hostOf(location: string): string {
  if (location === 'global') return 'https://aiplatform.googleapis.com'
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`
  return `https://${location}-aiplatform.googleapis.com`
}

/** It becomes part of the host name. */
function checkedLocation(location: string, name: string): string {
  if (/^[a-z0-9-]+$/.test(location)) return location
  throw new LeashError('invalid_config', `The location of "${name}" must be a region such as europe-west4, or global.`)
}
