/**
 * Price data of `@pydantic/genai-prices` (https://github.com/pydantic/genai-prices, MIT). 830 kB that take 75 ms to load:
 * only ever by a dynamic import.
 */
import type { ModelInfo, ModelPrice, Provider } from '@pydantic/genai-prices'
import { LeashError } from '../../core/errors.js'
import { asArray, asObjects } from '../../core/json.js'
import { isMeant } from './version.js'

export interface Listing {
  readonly model: ModelInfo
  readonly prices: ModelPrice
}

/** Which numbers are in use. */
export interface Edition {
  /** Counts up when they are replaced, so that what was compiled from them is made anew. */
  readonly count: number
  readonly version: string
  /** When they were published. */
  readonly date: string
}

export interface PriceData {
  readonly edition: Edition
  find(provider: string, names: readonly string[], at: Date): Listing | undefined
}

/** The version that package.json pins, and the day of its release. */
const bundled: Edition = { count: 0, version: 'genai-prices@0.1.8', date: '2026-09-23' }

/** The package holds one set of numbers for the whole process, and so do we. */
let edition = bundled

export async function loadData(): Promise<PriceData> {
  const { calcPrice } = await import('@pydantic/genai-prices')
  return {
    get edition() {
      return edition
    },
    find(providerId, names, timestamp) {
      for (const name of names) {
        try {
          // Without usage it computes nothing, and tells the entry that it would use.
          const found = calcPrice({}, name, { providerId, timestamp })
          if (found && isMeant(found.model, name)) return { model: found.model, prices: found.model_price }
        } catch {
          // Fetched numbers that are none: the price is unknown, and no call fails for it.
        }
      }
      return undefined
    },
  }
}

export interface RefreshOptions {
  /** @defaultValue the project's own file on GitHub */
  readonly url?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Replaces the numbers by the newest, for the whole process. When that fails, those in use stay.
 *
 * @throws LeashError when the address does not answer, or with something else
 */
export async function refreshData({ url, signal }: RefreshOptions = {}): Promise<Edition> {
  const { REMOTE_DATA_JSON_URL, updatePrices } = await import('@pydantic/genai-prices')
  const address = url ?? REMOTE_DATA_JSON_URL
  const providers = await download(address, signal)
  try {
    if (!hasModels(providers)) throw new TypeError('It has no model.')
    updatePrices(({ setProviderData }) => setProviderData(providers))
  } catch (cause) {
    throw new LeashError('upstream_malformed', `What ${address} answered is no price data.`, { cause })
  }
  const date = new Date().toISOString().slice(0, 10)
  edition = { count: edition.count + 1, version: `genai-prices@${date}`, date }
  return edition
}

/** Without a model every price would be unknown from one moment to the next. */
function hasModels(providers: unknown): providers is Provider[] {
  return asObjects(providers).some(({ models }) => asArray(models).length > 0)
}

async function download(url: string, signal: AbortSignal = AbortSignal.timeout(30_000)): Promise<unknown> {
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    throw new LeashError('network_error', `Price data could not be fetched from ${url}.`, { retryable: true, cause })
  })
  if (!response.ok)
    throw new LeashError('upstream_error', `Price data could not be fetched from ${url}: it answered ${response.status}.`, {
      retryable: true,
    })
  return response.json().catch((cause: unknown) => {
    throw new LeashError('upstream_malformed', `What ${url} answered is no price data.`, { cause })
  })
}
