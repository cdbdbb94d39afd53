/** Models of providers of which we know none: servers of one's own tell themselves what they serve. */
import { asObject, asObjects, asString, parseJson } from '../../core/json.js'
import type { Provider } from '../../core/provider.js'
import type { Transport } from '../../core/transport.js'

/** What a server has told is believed for so long, and that it has told nothing. */
const believedMs = 60_000
const waitMs = 3000
const mostModels = 1000
const mostCharacters = 1_000_000

const told = new WeakMap<Provider, { readonly until: number; readonly names: Promise<readonly string[]> }>()

/** Names as the provider has them; none when it does not say. */
export function ownModels(provider: Provider, transport: Transport, now: number = Date.now()): Promise<readonly string[]> {
  const known = told.get(provider)
  if (known && known.until > now) return known.names
  const names = asked(provider, transport).catch(() => [])
  told.set(provider, { until: now + believedMs, names })
  return names
}

async function asked(provider: Provider, transport: Transport): Promise<readonly string[]> {
  const request = await provider.probe?.()
  if (!request) return []
  const there = await provider.probe?.('models')
  there?.key?.done()
  try {
    // Elsewhere, what is listed is not what can be called by these names.
    if (there?.url !== request.url) return []
    const { url, headers } = request
    const init: RequestInit = { method: 'GET', headers: { ...headers }, redirect: 'manual', signal: AbortSignal.timeout(waitMs) }
    const response = await transport(url, init)
    const text = await response.text()
    if (!response.ok || text.length > mostCharacters) return []
    const names = asObjects(asObject(parseJson(text)).data).map(({ id }) => asString(id))
    return names.filter((name) => name !== undefined && name !== '').slice(0, mostModels) as string[]
  } finally {
    request.key?.done()
  }
}
