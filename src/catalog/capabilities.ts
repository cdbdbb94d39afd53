/** What a model can, and how much it takes. */
import type { Capabilities } from '../core/capabilities.js'
import { compact } from '../core/json.js'
import type { Priced } from '../core/price.js'
import { Recent } from '../core/recent.js'
import { abilitiesOf } from './families.js'
import { type KnownModel, knownModels } from './models.js'
import { loadData, type PriceData } from './prices/genai.js'
import { spellingsOf } from './prices/providers.js'

/** Who serves the models of whom under their own names. */
const makers: Readonly<Record<string, readonly string[]>> = {
  azure: ['openai', 'anthropic'],
  vertex: ['google', 'anthropic'],
}

/** No vendor's name is longer; a prompt may have been passed in its place. */
const longest = 512

const known = new Map(knownModels.map((model) => [`${model.provider}/${model.name}`, model]))

/**
 * Loads what is needed to tell them. After that every question is answered at once.
 *
 * @example
 * const capabilities = await loadCapabilities()
 * capabilities({ provider: { name: 'openai' }, model: 'gpt-4o' }).contextWindow // 128_000
 */
export async function loadCapabilities(): Promise<(target: Priced) => Capabilities> {
  const data = await loadData()
  const told = new Recent<string, Capabilities>(1000)
  return (target) => {
    if (target.model.length > longest) return {}
    const key = `${target.provider.name}/${target.model}`
    return told.getOrInsertComputed(key, () => capabilitiesOf(target, data))
  }
}

function capabilitiesOf({ provider, model }: Priced, data: PriceData): Capabilities {
  const traits = provider.traits?.(model) ?? {}
  const behind = traits.baseModel ?? model
  const listed = knownAt(provider.name, behind)
  return compact({
    ...abilitiesOf(behind),
    ...(listed?.kind === 'embeddings' && { embeddings: true }),
    contextWindow: listed?.contextWindow ?? windowIn(data, provider.name, behind),
    maxOutput: listed?.maxOutput,
    structuredOutput: traits.structuredOutput === undefined ? undefined : traits.structuredOutput === 'json-schema',
    prefill: traits.supportsPrefill,
  })
}

function knownAt(provider: string, model: string): KnownModel | undefined {
  // A date behind a name makes no other model of it.
  const name = model.replace(/^.*\/models\//, '').replace(/[-@](20\d{6}|20\d\d-\d\d-\d\d)$/, '')
  const hosts = Object.hasOwn(makers, provider) ? (makers[provider] ?? []) : []
  return [provider, ...hosts].flatMap((host) => known.get(`${host}/${model}`) ?? known.get(`${host}/${name}`) ?? [])[0]
}

function windowIn(data: PriceData, provider: string, model: string): number | undefined {
  const spelt = spellingsOf(provider, model)
  return spelt && data.find(spelt.id, spelt.names, new Date())?.model.context_window
}
