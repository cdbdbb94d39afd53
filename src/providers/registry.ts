/** Every provider there is, by name: the built-in ones, the presets, and the user's own. Each is made when it is first asked for. */
import { LeashError } from '../core/errors.js'
import { isObject } from '../core/json.js'
import type { Provider } from '../core/provider.js'
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
  const { type = isOurs(name) ? name : 'openai-compatible', ...options } = own
  checkNames(String(type), name, options)
  return make(String(type), name, { env, ...options })
}

const common = ['name', 'apiKey', 'baseURL', 'headers', 'traits', 'env']
/** Of those that may have several keys. */
const keyed = [...common, 'keys', 'idempotencyHeader']
const particular: Readonly<Record<string, readonly string[]>> = {
  openai: [...keyed, 'organization', 'project'],
  azure: [...keyed, 'endpoint', 'resource', 'deployment', 'apiVersion', 'azureADTokenProvider'],
  anthropic: [...keyed, 'authToken'],
  google: keyed,
  vertex: [...common, 'project', 'location', 'credentials', 'accessToken'],
  bedrock: [...common, 'region', 'credentials', 'profile', 'endpoint', 'client'],
  'openai-compatible': [...keyed, 'apiKeyVariable', 'keyless', 'protocols'],
}

/** A mistyped option would else be found out as a missing key, or never. */
function checkNames(type: string, name: string, options: object): void {
  const known = isPreset(type) ? keyed : particular[type]
  const strange = known && Object.keys(options).find((option) => !known.includes(option))
  if (strange === undefined) return
  throw new LeashError('invalid_config', `providers.${name} has an unknown option \`${strange}\`. Known: ${known?.join(', ')}.`)
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
