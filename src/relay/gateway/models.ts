/** Which models a tenant may call, as far as they can be told: any other name that its policy allows works too. */
import { knownModels } from '../../catalog/models.js'
import { parseModel } from '../../catalog/resolve.js'
import { accessTo } from '../../middleware/access.js'
import { modelsIn } from '../../middleware/route/options.js'
import type { ListedModel } from '../../protocols/model-list.js'
import type { Serving } from './gateway.js'
import { ownModels } from './own-models.js'

/** Of routes, whose targets may be at several vendors. */
const ownOwner = 'leash'

export async function modelsOf({ options, configured, provider }: Serving): Promise<ListedModel[]> {
  const { access = {}, routes = {}, fetch: transport = fetch } = options
  const ready = configured()
  const allows = accessTo(access)
  const mayAsk = accessTo({ ...access, models: {} })
  const mayGo = (name: string) => {
    const { provider, model } = parseModel(name, (provider) => ready.includes(provider))
    return provider !== undefined && allows({ provider: { name: provider }, model })
  }
  const listed = new Map<string, ListedModel>()
  for (const [name, route] of Object.entries(routes)) {
    if (modelsIn(route).some(mayGo)) listed.set(name, { id: name, owner: ownOwner })
  }
  for (const { name, provider, ...known } of knownModels) {
    const id = `${provider}/${name}`
    if (mayGo(id)) listed.set(id, { id, owner: provider, ...known })
  }
  const known = new Set(knownModels.map(({ provider }) => provider))
  const others = ready
    .filter((name) => !known.has(name) && mayAsk({ provider: { name }, model: '' }))
    .flatMap((name) => provider(name) ?? [])
  const theirs = await Promise.all(others.map(async (one) => ({ owner: one.name, names: await ownModels(one, transport) })))
  for (const { owner, names } of theirs)
    for (const id of names.map((name) => `${owner}/${name}`)) if (mayGo(id)) listed.set(id, { id, owner })
  // Whoever wrote the policy knows more models than we do.
  for (const id of access.models?.allow ?? []) {
    if (id.endsWith('*') || listed.has(id) || !mayGo(id)) continue
    listed.set(id, { id, owner: id.slice(0, id.indexOf('/')) })
  }
  return [...listed.values()]
}
