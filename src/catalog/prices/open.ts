/** The `prices` option: what it says is checked at once, the price data is loaded with the first call that needs it. */
import * as z from 'zod/mini'
import { LeashError } from '../../core/errors.js'
import { isObject } from '../../core/json.js'
import { Lazy } from '../../core/lazy.js'
import type { PriceBook, Prices } from '../../core/price.js'
import { every } from '../../core/timers.js'
import type { Layer } from './book.js'
import { type PriceEntries, type PriceRow, parseEntries } from './entry.js'
import { openPriceFile } from './file.js'

/** Your own prices, by `provider/model`; they override the known ones. */
export interface PricesOptions extends PriceEntries {
  /** A JSON file of such prices. Those given here override it. */
  readonly file?: string | undefined
  /** Read the file again when it changes. A number: milliseconds between two checks. @defaultValue true, every second */
  readonly watch?: boolean | number | undefined
  /**
   * Fetch the newest price data with the first call that needs prices, and with `everyMs` again at intervals.
   * @defaultValue false: nothing is ever fetched
   */
  readonly refresh?: boolean | { readonly url?: string | undefined; readonly everyMs?: number | undefined } | undefined
}

/** Told of what went wrong while the last good prices stay in use. */
export type Warn = (message: string) => void

const everyMs = z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1))
const own = {
  file: z.optional(z.string().check(z.minLength(1))),
  watch: z.optional(z.union([z.boolean(), everyMs])),
  refresh: z.optional(z.union([z.boolean(), z.strictObject({ url: z.optional(z.url()), everyMs: z.optional(everyMs) })])),
}
const ownSchema = z.strictObject(own)

/**
 * @throws LeashError `invalid_config` when a price, or the file, is wrong
 */
export function openPrices(options: PricesOptions = {}, warn: Warn = () => {}): Prices {
  const { settings, given } = parted(options)
  const { file, watch = true, refresh = false } = settings
  const source = file === undefined ? undefined : openPriceFile(file)
  let rows: readonly PriceRow[] = source?.read() ?? []
  let layers: readonly Layer[] | undefined
  const stops: (() => void)[] = []

  if (source && watch !== false) {
    const again = () => {
      try {
        rows = source.read()
        layers = undefined
      } catch (error) {
        warn(`${said(error)} The prices that were read before stay in use.`)
      }
    }
    stops.push(source.watch(again, typeof watch === 'number' ? watch : 1000))
  }

  const book = new Lazy(async (): Promise<PriceBook> => {
    const [{ createBook, layersOf }, { loadData, refreshData }] = await Promise.all([import('./book.js'), import('./genai.js')])
    if (refresh !== false) {
      const { url, everyMs } = refresh === true ? {} : refresh
      const fetchNow = () =>
        refreshData({ url }).catch((error: unknown) => warn(`${said(error)} The prices at hand stay in use.`))
      // Nobody waits for it: the first calls are priced by what is at hand.
      void fetchNow()
      if (everyMs !== undefined) stops.push(every(everyMs, fetchNow))
    }
    return createBook(await loadData(), () => (layers ??= layersOf(rows, given)))
  })

  return {
    book,
    close() {
      for (const stop of stops.splice(0)) stop()
    },
  }
}

/** A model's name has a slash in it, and an option has none. */
function parted(options: unknown): { settings: z.infer<typeof ownSchema>; given: PriceRow[] } {
  if (!isObject(options)) throw new LeashError('invalid_config', '`prices` must be an object of prices by provider/model.')
  const entries = Object.entries(options)
  const checked = ownSchema.safeParse(Object.fromEntries(entries.filter(([key]) => !key.includes('/'))))
  if (!checked.success) {
    const faults = checked.error.issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown option ${issue.keys.map((key) => `\`prices.${key}\``).join(', ')} (known: ${Object.keys(own).join(', ')}, and prices by provider/model)`
        : `\`prices.${issue.path.join('.')}\` must be of another form`,
    )
    throw new LeashError('invalid_config', `${faults.join('; ')}.`)
  }
  return {
    settings: checked.data,
    given: parseEntries(Object.fromEntries(entries.filter(([key]) => key.includes('/'))), 'prices'),
  }
}

function said(error: unknown): string {
  return error instanceof LeashError ? error.detail : String(error)
}
