import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openPrices, type PricesOptions } from '../../../src/catalog/prices/open.js'
import { overrides } from '../../../src/catalog/prices/overrides.js'
import type { PriceBook, Prices } from '../../../src/core/price.js'

let folder = ''
let file = ''
const opened: Prices[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prices-'))
  file = join(folder, 'prices.json')
})
afterEach(() => {
  for (const prices of opened.splice(0)) prices.close()
  rmSync(folder, { recursive: true })
  vi.unstubAllGlobals()
})

function open(options: PricesOptions, warn?: (message: string) => void): Prices {
  const prices = openPrices(options, warn)
  opened.push(prices)
  return prices
}

const write = (input: number, at = file) => writeFileSync(at, JSON.stringify({ 'x/m': { input, output: input } }))
const rateIn = (book: PriceBook) => book.price({ provider: { name: 'x' }, model: 'm' })?.tiers.standard?.[0]?.rates.input
const wrong = (options: unknown) => () => openPrices(options as PricesOptions)

describe('a wrong price is refused at once, with what to do', () => {
  test.each<[unknown, RegExp]>([
    [{ 'openai/gpt-4o': { inptu: 1 } }, /prices: "openai\/gpt-4o" has an unknown member `inptu` \(known: input, cacheRead, /],
    [{ 'openai/gpt-4o': { input: -1 } }, /"openai\/gpt-4o" `input` must be US dollars, 0 or more, such as 2\.5 or "0\.0375"/],
    [{ 'openai/gpt-4o': { input: 'cheap' } }, /`input` must be US dollars/],
    [{ 'openai/gpt-4o': 5 }, /"openai\/gpt-4o" must be object/],
    [{ 'openai/gpt-4o': { multiplier: 0 } }, /`multiplier` must be a number above 0/],
    [{ 'openai/gpt-4o': { multiplier: 'half' } }, /`multiplier` must be a number above 0, or one for each bucket/],
    [{ 'openai/gpt-4o': { input: 1, multiplier: 2 } }, /has both `multiplier` and `input`/],
    [{ 'openai/gpt-4o': { input: 1, like: 'a/b' } }, /has both `like` and `input`/],
    [{ 'openai/gpt-4o': { long: [{ from: 1000, input: 1 }] } }, /has `long` without `input`/],
    [{ 'openai/gpt-4o': { tiers: { scale: {} } } }, /has an unknown member `tiers\.scale`/],
    [{ 'openai/gpt-4o': { peak: { hours: ['1-4'], multiplier: 2 } } }, /`peak\.hours\.0` must be hours such as 01:00-04:00/],
    [{ 'openai/gpt-4o': { since: 'May' } }, /`since` must be a day such as 2026-11-21/],
    [{ 'openai/gpt-4o': { like: 'gpt-4' } }, /`like` must be provider\/model/],
    [{ '/gpt-4o': { input: 1 } }, /"\/gpt-4o" must be provider\/model, or provider\/\*/],
    [
      { 'gpt-4o': { input: 1 } },
      /unknown option `prices\.gpt-4o` \(known: file, watch, refresh, and prices by provider\/model\)/,
    ],
    [{ watch: 'yes' }, /`prices\.watch` must be of another form/],
    [{ refresh: { url: 'not one' } }, /`prices\.refresh\.url` must be of another form/],
    [[], /`prices` must be an object/],
  ])('%j', (options, message) => {
    expect(wrong(options)).toThrow(message)
    expect(wrong(options)).toThrow('[invalid_config]')
  })

  test('several faults are told together', () => {
    expect(wrong({ 'a/b': { input: -1 }, 'c/d': { x: 1 } })).toThrow(/"a\/b" .+; "c\/d" /)
  })
})

describe('a file of prices', () => {
  test('lies over what is known, and under what stands beside it', async () => {
    writeFileSync(file, JSON.stringify({ 'openai/gpt-4o': { input: 1, output: 1 }, 'x/m': { input: 2, output: 2 } }))
    const book = await open({ file, 'x/m': { input: 3, output: 3 } }).book.get()
    expect(book.price({ provider: { name: 'openai' }, model: 'gpt-4o' })?.tiers.standard?.[0]?.rates.input).toBe(1_000_000_000)
    expect(rateIn(book)).toBe(3_000_000_000)
  })

  test('that is not there, no JSON or wrong is refused at the start', () => {
    expect(wrong({ file })).toThrow(`[invalid_config] The price file ${file} cannot be read.`)
    writeFileSync(file, '{')
    expect(wrong({ file })).toThrow(`The price file ${file} is no JSON.`)
    writeFileSync(file, '[]')
    expect(wrong({ file })).toThrow(`${file} must hold prices by name`)
    writeFileSync(file, '{"openai/gpt-4o": {"input": "x"}}')
    expect(wrong({ file })).toThrow(`${file}: "openai/gpt-4o" \`input\` must be US dollars`)
  })

  test('is read again when it changes: rewritten, or replaced', async () => {
    write(1)
    const book = await open({ file, watch: 5 }).book.get()
    expect(rateIn(book)).toBe(1_000_000_000)
    write(22)
    await expect.poll(() => rateIn(book)).toBe(22_000_000_000)
    write(333, join(folder, 'next.json'))
    renameSync(join(folder, 'next.json'), file)
    await expect.poll(() => rateIn(book)).toBe(333_000_000_000)
  })

  test('may be a link, as in a Kubernetes volume, that comes to lead elsewhere', async () => {
    write(1, join(folder, 'first.json'))
    write(22, join(folder, 'second.json'))
    symlinkSync(join(folder, 'first.json'), file)
    const book = await open({ file, watch: 5 }).book.get()
    symlinkSync(join(folder, 'second.json'), join(folder, 'link'))
    renameSync(join(folder, 'link'), file)
    await expect.poll(() => rateIn(book)).toBe(22_000_000_000)
  })

  test('that becomes wrong or goes away is told, and the last good one stays in use', async () => {
    write(1)
    const warnings: string[] = []
    const book = await open({ file, watch: 5 }, (message) => warnings.push(message)).book.get()
    writeFileSync(file, '{"x/m": {"input": "dear"}}')
    await expect
      .poll(() => warnings.at(-1))
      .toMatch(/"x\/m" `input` must be US dollars.+ The prices that were read before stay in use\.$/)
    expect(rateIn(book)).toBe(1_000_000_000)
    unlinkSync(file)
    await expect.poll(() => warnings.at(-1)).toMatch(/cannot be read\. The prices that were read before stay in use\.$/)
    expect(rateIn(book)).toBe(1_000_000_000)
    write(22)
    await expect.poll(() => rateIn(book)).toBe(22_000_000_000)
  })

  test('is not read again when nobody asked for it, or after the end', async () => {
    write(1)
    const left = open({ file, watch: false })
    const ended = open({ file, watch: 5 })
    const watching = open({ file, watch: 5 })
    const books = await Promise.all([left, ended, watching].map((prices) => prices.book.get()))
    ended.close()
    ended.close()
    write(22)
    await expect.poll(() => rateIn(books[2] ?? expect.fail())).toBe(22_000_000_000)
    expect(books.slice(0, 2).map(rateIn)).toEqual([1_000_000_000, 1_000_000_000])
  })
})

describe('price data', () => {
  test('is loaded by the first who needs it, once, and nothing is fetched', async () => {
    const fetched = vi.fn()
    vi.stubGlobal('fetch', fetched)
    const prices = open({})
    expect(prices.book.value).toBeUndefined()
    const [a, b] = await Promise.all([prices.book.get(), prices.book.get()])
    expect(a).toBe(b)
    expect(prices.book.value).toBe(a)
    expect(fetched).not.toHaveBeenCalled()
  })
})

describe('our own table', () => {
  test('each row tells a page and a day', () => {
    for (const { models, entry } of overrides) {
      expect(entry.source, models).toMatch(/^https:\/\//)
      expect(entry.date, models).toMatch(/^2026-\d\d-\d\d$/)
    }
  })

  test('each row would be taken as a price of one’s own', () => {
    for (const { models, entry } of overrides) expect(() => openPrices({ [models]: entry } as PricesOptions)).not.toThrow()
  })

  test('the version of the price data is the one that is installed', async () => {
    const { version } = await import('../../../node_modules/@pydantic/genai-prices/package.json', {
      with: { type: 'json' },
    }).then((module) => module.default)
    const manifest = await import('../../../package.json', { with: { type: 'json' } }).then((module) => module.default)
    const price = (await open({}).book.get()).price({ provider: { name: 'mistral' }, model: 'codestral-2508' })
    expect(price?.version).toContain(`genai-prices@${version}`)
    expect(manifest.dependencies['@pydantic/genai-prices']).toBe(version)
  })
})
