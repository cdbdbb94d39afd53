import { defineCommand } from 'citty'
import { knownModels } from '../catalog/models.js'
import { refreshData } from '../catalog/prices/genai.js'
import { openPrices } from '../catalog/prices/open.js'
import { candidates } from '../catalog/resolve.js'
import { LeashError } from '../core/errors.js'
import { usdOf } from '../core/money.js'
import type { Price, PriceBook, Rates, Step } from '../core/price.js'
import { readiness } from '../readiness.js'
import { paint, printJson, table, telling } from './output.js'
import { wholeNumber } from './whole-number.js'

export const prices = defineCommand({
  meta: { name: 'prices', description: 'Shows what models cost; "prices check" lists prices that are missing or stale.' },
  args: {
    models: { type: 'positional', description: 'Models, or provider/model; after "check", those to check', required: false },
    file: { type: 'string', description: 'A JSON file with your own prices' },
    refresh: { type: 'boolean', description: 'Fetch the newest price data first; without it, nothing is fetched' },
    from: { type: 'string', description: 'URL to fetch the data from, instead of GitHub' },
    'max-age': { type: 'string', description: 'For check: days after which a price is stale', default: '90' },
    json: { type: 'boolean', description: 'Print them as JSON' },
  },
  run: ({ args }) =>
    telling(args.json, async () => {
      const isCheck = args._[0] === 'check'
      const maxAgeDays = wholeNumber(args['max-age'], 0, Number.MAX_SAFE_INTEGER, 'no number of days')
      if (args.refresh) await refreshData({ url: args.from })
      const book = await openPrices(args.file === undefined ? {} : { file: args.file, watch: false }).book.get()
      const names = args._.slice(isCheck ? 1 : 0)
      const found = lookedUp(names, book)
      if (isCheck) check(found, { maxAgeDays, named: names.length > 0, json: args.json === true })
      else if (args.json) printJson(found.map(({ model, price }) => ({ model, price: price && inDollars(price) })))
      else list(found)
    }),
})

interface Found {
  /** As `provider/model`. */
  readonly model: string
  readonly price: Price | null
}

/** Those that were asked for, else all that are well known. */
function lookedUp(names: readonly string[], book: PriceBook): Found[] {
  const priced = (provider: string, model: string): Found => ({
    model: `${provider}/${model}`,
    price: book.price({ provider: { name: provider }, model }),
  })
  if (names.length === 0) return knownModels.map(({ provider, name }) => priced(provider, name))
  const providers = new Set(readiness().map(({ provider }) => provider))
  return names.map((name) => {
    // A provider under a name of your own is known by its prices alone.
    const [, own = '', rest = ''] = /^([^/]+)\/(.+)$/.exec(name) ?? []
    const { providers: likely, model } = candidates(name, (provider) => providers.has(provider))
    const all = likely.map((provider) => priced(provider, model))
    const found = [...all, priced(own, rest)].find(({ price }) => price) ?? all[0]
    if (found) return found
    throw new LeashError(
      'unknown_model',
      `No provider is known for "${name}". Write it as "provider/model", or price it in --file.`,
    )
  })
}

function list(found: readonly Found[]): void {
  const head = ['', 'input', 'cache read', 'cache write', 'output', ''].map((cell) => paint('dim', cell))
  const rows = found.flatMap(({ model, price }) => {
    const steps = price?.tiers.standard ?? []
    if (!price || steps.length === 0) return [[model, paint('yellow', 'unknown'), '', '', '', '']]
    return steps.map(({ from, rates }) => [
      from === 0 ? model : paint('dim', `  from ${from.toLocaleString('en')} tokens in`),
      ...(['input', 'cacheRead', 'cacheWrite', 'output'] as const).map((bucket) => cell(rates[bucket])),
      from === 0 && price.date !== undefined ? paint('dim', price.date) : '',
    ])
  })
  process.stdout.write(`${table([head, ...rows])}\n`)
  process.stderr.write(
    `${paint('dim', 'US dollars for a million tokens, and the day on which the price was read.', process.stderr)}\n`,
  )
}

function cell(rate: number | undefined): string {
  return rate === undefined ? '' : String(usdOf(rate))
}

/** As they are written in the options. */
function inDollars({ tiers, search, previewSearch, fileSearch, ...price }: Price) {
  const amounts = (rates: Rates) => Object.fromEntries(Object.entries(rates).map(([bucket, rate]) => [bucket, usdOf(rate ?? 0)]))
  const step = ({ from, rates, request }: Step) => ({ from, ...amounts(rates), ...(request > 0 && { request: usdOf(request) }) })
  return {
    ...price,
    ...(search !== undefined && { search: usdOf(search) }),
    ...(previewSearch !== undefined && { previewSearch: usdOf(previewSearch) }),
    ...(fileSearch !== undefined && { fileSearch: usdOf(fileSearch) }),
    tiers: Object.fromEntries(Object.entries(tiers).map(([tier, steps]) => [tier, steps.map(step)])),
  }
}

interface Check {
  readonly maxAgeDays: number
  /** The models were asked for by name. That others have no price is told, but nothing to fail of: nobody may be using them. */
  readonly named: boolean
  readonly json: boolean
}

function check(found: readonly Found[], { maxAgeDays, named, json }: Check): void {
  const oldest = new Date(Date.now() - maxAgeDays * 86_400_000).toISOString().slice(0, 10)
  const missing = found.flatMap(({ model, price }) => (price ? [] : [model]))
  const stale = found.flatMap(({ model, price }) => {
    const date = price?.date
    return date !== undefined && date < oldest ? [{ model, date }] : []
  })
  if (stale.length > 0 || (named && missing.length > 0)) process.exitCode = 1
  if (json) printJson({ checked: found.length, maxAgeDays, missing, stale })
  else {
    const rows = [
      ...missing.map((model) => [paint('red', 'missing'), model, '']),
      ...stale.map(({ model, date }) => [paint('yellow', 'stale'), model, paint('dim', `read on ${date}`)]),
    ]
    if (rows.length > 0) process.stdout.write(`${table(rows)}\n`)
    const told = `${found.length} checked, ${missing.length} missing, ${stale.length} older than ${maxAgeDays} days.`
    process.stderr.write(`${paint('dim', told, process.stderr)}\n`)
  }
}
