import { LeashError } from '../core/errors.js'
import type { HttpRequest, Provider, Traits, WireRequest } from '../core/provider.js'
import type { GoogleCredentials, GoogleIdentity } from './auth/google.js'
import { pathOf } from './base-url.js'
import { claudeTraits } from './claude-traits.js'
import { bearer } from './credentials.js'
import { type Addressed, endpoint, notSpoken } from './endpoint.js'
import { readEnv } from './env.js'
import { geminiTraits } from './gemini-traits.js'
import { geminiAddress } from './google.js'
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

/** https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude */
const anthropicVersion = 'vertex-2023-10-16'

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
  const knownProject = () =>
    options.project ?? readEnv('GOOGLE_CLOUD_PROJECT', env) ?? readEnv('GCLOUD_PROJECT', env) ?? credentials?.project_id
  const express = (typeof apiKey === 'function' || Boolean(apiKey?.trim())) && options.project === undefined
  const { send } = endpoint({
    name,
    options,
    base: () => (express ? hostOf('global') : hostOf(location())),
    baseVariable: { name: 'GOOGLE_VERTEX_BASE_URL' },
    credentials: [
      { option: 'apiKey', given: apiKey, variables: [], headers: (key) => ({ 'x-goog-api-key': key }) },
      { option: 'accessToken', given: accessToken, variables: [], headers: bearer },
    ],
    identity: identity.headers,
  })

  const traits = traitsWith(knownTraits, options.traits)

  function prepare(request: WireRequest): HttpRequest | Promise<HttpRequest> {
    if (express) return send(request, address(request, '', name))
    const project = knownProject()
    if (project) return send(request, address(request, parentOf(project, location()), name))
    return projectOf(identity.project, name).then((found) => send(request, address(request, parentOf(found, location()), name)))
  }

  return {
    name,
    protocols,
    protocolsFor: (model) => protocolsOf(traits(model).baseModel ?? model),
    traits,
    missing() {
      if (express || knownProject() || readEnv('GOOGLE_APPLICATION_CREDENTIALS', env)) return undefined
      return 'Set GOOGLE_CLOUD_PROJECT and run `gcloud auth application-default login`, or pass `project` and `credentials`.'
    },
    prepare,
  }
}

function address(request: WireRequest, parent: string, name: string): Addressed {
  const { protocol, model, body, stream } = request
  if (!protocols.includes(protocol)) throw notSpoken(name, protocol)
  if (geminiProtocols.includes(protocol)) return geminiAddress(request, `v1beta1/${geminiResource(model, parent)}`, name)
  if (parent === '')
    throw new LeashError(
      'invalid_config',
      `"${name}" has only an API key, which serves Gemini alone. Pass \`project\` to reach "${model}".`,
    )
  if (protocol === 'openai-chat') return { path: `v1/${parent}/endpoints/openapi/chat/completions` }
  const { model: _, anthropic_version = anthropicVersion, ...rest } = body
  return {
    path: `v1/${parent}/publishers/anthropic/models/${pathOf(claudeId(model))}:${stream ? 'streamRawPredict' : 'rawPredict'}`,
    body: { anthropic_version, ...rest },
  }
}

/** A bare name is one of Google's models; tuned ones are endpoints, and a full resource name says all by itself. */
function geminiResource(model: string, parent: string): string {
  if (model.startsWith('projects/')) return pathOf(model)
  const bare = model.replace(/^(publishers\/google\/)?(google\/|models\/)?/, '')
  const place = parent === '' ? '' : `${parent}/`
  return place + pathOf(bare.startsWith('endpoints/') ? bare : `publishers/google/models/${bare}`)
}

/** Dates stand behind an `@` here: `claude-sonnet-4-5-20250929` is `claude-sonnet-4-5@20250929`. */
function claudeId(model: string): string {
  return model.replace(/^.*\//, '').replace(/-(\d{8})$/, '@$1')
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

function parentOf(project: string, location: string): string {
  return `projects/${encodeURIComponent(project)}/locations/${location}`
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

async function projectOf(find: () => Promise<string | undefined>, name: string): Promise<string> {
  const project = await find()
  if (project) return project
  throw new LeashError('invalid_config', `There is no project for "${name}". Set GOOGLE_CLOUD_PROJECT, or pass \`project\`.`)
}
