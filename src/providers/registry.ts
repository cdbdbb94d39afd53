/** Every provider there is, by name: the built-in ones, the presets, and the user's own. Each is made when it is first asked for. */
import { fn } from '../core/common-shapes.js'
import { LeashError } from '../core/errors.js'
import { isObject } from '../core/json.js'
import type { Provider } from '../core/provider.js'
import * as z from '../core/shape.js'
import { type AnthropicOptions, anthropic } from './anthropic.js'
import { type AzureOptions, azure } from './azure.js'
import { type BedrockOptions, bedrock } from './bedrock.js'
import { type Env, readEnv } from './env.js'
import { type GoogleOptions, google } from './google.js'
import { type OpenAIOptions, openai } from './openai.js'
import { type OpenAICompatibleOptions, openaiCompatible } from './openai-compatible.js'
import type { ProviderOptions } from './options.js'
import { isPreset, type PresetName, preset, presets } from './presets.js'
import { type VertexOptions, vertex } from './vertex.js'

const builtIn = { openai, azure, anthropic, google, vertex, bedrock } as const

type BuiltIn = keyof typeof builtIn

/** A provider under a name of the user's choice: one of ours again, with other options, or a server that follows OpenAI. */
export type OwnProvider =
  | Provider
  | ({ readonly type: 'openai' } & OpenAIOptions)
  | ({ readonly type: 'azure' } & AzureOptions)
  | ({ readonly type: 'anthropic' } & AnthropicOptions)
  | ({ readonly type: 'google' } & GoogleOptions)
  | ({ readonly type: 'vertex' } & VertexOptions)
  | ({ readonly type: 'bedrock' } & BedrockOptions)
  | ({ readonly type: PresetName } & ProviderOptions)
  | ({ readonly type?: 'openai-compatible' } & Omit<OpenAICompatibleOptions, 'name'>)

interface OptionsByName {
  readonly openai?: OpenAIOptions | OwnProvider
  readonly azure?: AzureOptions | OwnProvider
  readonly anthropic?: AnthropicOptions | OwnProvider
  readonly google?: GoogleOptions | OwnProvider
  readonly vertex?: VertexOptions | OwnProvider
  readonly bedrock?: BedrockOptions | OwnProvider
}

/** Options by the name of a provider, or whole providers. */
export type ProvidersOptions = OptionsByName & { readonly [name in PresetName]?: ProviderOptions | OwnProvider } & {
  // An index signature holds for the names above as well, so it must take what they take.
  readonly [name: string]: OptionsByName[keyof OptionsByName] | ProviderOptions
}

export interface Providers {
  /** The provider of this name; undefined when there is none. */
  get(name: string): Provider | undefined
  has(name: string): boolean
  /** Those of the user first, then the built-in ones, then the presets. */
  names(): readonly string[]
  /** Whether the user gave it options or a key: a local server that wants none may not even be there. */
  isConfigured(name: string): boolean
}

/**
 * What the user configured is checked at once; the rest costs nothing until it is used.
 *
 * @throws LeashError `invalid_config`
 */
export function configuredProviders(options: ProvidersOptions = {}, env?: Env): Providers {
  const made = new Map<string, Provider>()
  for (const [name, own] of Object.entries(options)) {
    if (own !== undefined) made.set(name, makeOwn(name, own, env))
  }
  const own = new Set(made.keys())
  const known = new Set([...own, ...Object.keys(builtIn), ...Object.keys(presets)])
  const names = [...known]

  function get(name: string): Provider | undefined {
    const ready = made.get(name)
    if (ready || !known.has(name)) return ready
    const provider = make(name, name, { env })
    made.set(name, provider)
    return provider
  }

  return {
    get,
    has: (name) => known.has(name),
    names: () => names,
    isConfigured: (name) => get(name)?.missing() === undefined && (own.has(name) || isSetUp(name, env)),
  }
}

function makeOwn(name: string, own: unknown, env: Env | undefined): Provider {
  if (isProvider(own)) return own
  if (!isObject(own))
    throw new LeashError('invalid_config', `providers.${name} must be options, or a provider such as openai({ … }).`)
  if (!/^[\w.-]+$/.test(name))
    throw new LeashError(
      'invalid_config',
      'The name of a provider is made of letters, digits, dots and dashes: it stands in "provider/model".',
    )
  const { type: given = isOurs(name) ? name : 'openai-compatible', ...options } = own
  const type = String(given)
  // A mistyped option would else be found out as a missing key, or never.
  z.refuse(shapeOf(type)?.faults(options, ['providers', name]) ?? [])
  return make(type, name, { env, ...options })
}

const text = z.optional(z.string())
const object = z.custom(isObject, 'an object')
/** Looked at where it is used: it says what else may be given. */
const key = z.optional(z.custom(() => true, ''))
const common = {
  name: text,
  apiKey: key,
  baseURL: text,
  headers: z.optional(z.record(z.string(), z.string())),
  traits: z.optional(z.union([fn, object])),
  env: z.optional(object),
}
/** Of those that may have several keys. */
const keyed = { ...common, keys: key, idempotencyHeader: text }
const usual = z.strictObject(keyed)
const kinds: Readonly<Record<BuiltIn | 'openai-compatible', z.ObjectShape>> = {
  openai: z.strictObject({ ...keyed, organization: text, project: text }),
  azure: z.strictObject({
    ...keyed,
    endpoint: text,
    resource: text,
    deployment: z.optional(z.union([z.string(), z.record(z.string(), z.string())])),
    apiVersion: text,
    azureADTokenProvider: z.optional(fn),
  }),
  anthropic: z.strictObject({ ...keyed, authToken: key }),
  google: usual,
  vertex: z.strictObject({ ...common, project: text, location: text, credentials: z.optional(object), accessToken: key }),
  bedrock: z.strictObject({
    ...common,
    region: text,
    credentials: z.optional(z.union([fn, object])),
    profile: text,
    endpoint: text,
    client: z.optional(object),
  }),
  'openai-compatible': z.strictObject({
    ...keyed,
    apiKeyVariable: z.optional(z.union([z.string(), z.array(z.string())])),
    keyless: z.optional(z.boolean()),
    protocols: z.optional(z.array(z.string())),
  }),
}

function shapeOf(type: string): z.ObjectShape | undefined {
  if (isPreset(type)) return usual
  return isBuiltIn(type) || type === 'openai-compatible' ? kinds[type] : undefined
}

function make(type: string, name: string, options: object): Provider {
  if (isBuiltIn(type)) return builtIn[type]({ ...options, name })
  if (isPreset(type)) return preset(type, { ...options, name })
  if (type !== 'openai-compatible')
    throw new LeashError(
      'invalid_config',
      `providers.${name}.type names no kind of provider. There are: ${[...Object.keys(builtIn), ...Object.keys(presets), 'openai-compatible'].join(', ')}.`,
    )
  const baseURL = 'baseURL' in options && typeof options.baseURL === 'string' ? options.baseURL : undefined
  if (baseURL === undefined)
    throw new LeashError(
      'invalid_config',
      `providers.${name} is none of ours, and so needs a \`baseURL\` (a server that follows OpenAI's API) or a \`type\` (another ${Object.keys(builtIn).join(', ')} …).`,
    )
  return openaiCompatible({ ...options, name, baseURL })
}

/** A server that wants no key is always ready, but that says nothing of whether it is there. */
function isSetUp(name: string, env: Env | undefined): boolean {
  if (!isPreset(name)) return true
  const { keyless, keys, baseVariable } = presets[name]
  return (
    !keyless || [...keys, ...(baseVariable ? [baseVariable.name] : [])].some((variable) => readEnv(variable, env) !== undefined)
  )
}

function isBuiltIn(name: string): name is BuiltIn {
  return Object.hasOwn(builtIn, name)
}

function isOurs(name: string): boolean {
  return isBuiltIn(name) || isPreset(name)
}

function isProvider(own: unknown): own is Provider {
  return (
    isObject(own) && typeof own.prepare === 'function' && typeof own.traits === 'function' && typeof own.missing === 'function'
  )
}
