/** Fetched price data takes the place of what is bundled for the whole process: these tests have one of their own. */
import { createServer } from 'node:http'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openPrices, type PricesOptions } from '../../../src/catalog/prices/open.js'
import type { Prices } from '../../../src/core/price.js'
import { type Listening, listen } from '../../helpers/listen.js'

const opened: Prices[] = []
afterEach(() => {
  for (const prices of opened.splice(0)) prices.close()
})

function open(options: PricesOptions, warn?: (message: string) => void): Prices {
  const prices = openPrices(options, warn)
  opened.push(prices)
  return prices
}

describe('price data', () => {
  test('that cannot be fetched is told, and what is at hand stays in use', async () => {
    await using server = await serve(() => ({ status: 503, body: '' }))
    const warnings: string[] = []
    const book = await open({ refresh: { url: server.url } }, (message) => warnings.push(message)).book.get()
    await expect
      .poll(() => warnings)
      .toEqual([`Price data could not be fetched from ${server.url}: it answered 503. The prices at hand stay in use.`])
    expect(book.price({ provider: { name: 'openai' }, model: 'gpt-4o' })?.version).toMatch(/^genai-prices@0\.1\.8/)
  })

  test.each(['no JSON', '{"not": "a list"}', '[{"id": "x"}]', '[]', 'null', '[{"id": "openai", "models": []}]', '[null]'])(
    'that is none is told: %s',
    async (body) => {
      await using server = await serve(() => ({ status: 200, body }))
      const warnings: string[] = []
      const book = await open({ refresh: { url: server.url } }, (message) => warnings.push(message)).book.get()
      await expect.poll(() => warnings).toEqual([`What ${server.url} answered is no price data. The prices at hand stay in use.`])
      expect(book.price({ provider: { name: 'openai' }, model: 'gpt-4o' })).not.toBeNull()
    },
  )
})

describe('fetched price data', () => {
  const data = (price: unknown) => [
    {
      id: 'openai',
      name: 'OpenAI',
      api_pattern: 'https://api\\.openai\\.com',
      models: [{ id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices: { input_mtok: price, output_mtok: 20 } }],
    },
  ]

  test('takes the place of what is bundled, again and again, and a model whose number is none is unknown', async () => {
    let price: unknown = 7
    await using server = await serve(() => ({ status: 200, body: JSON.stringify(data(price)) }))
    const prices = open({ refresh: { url: server.url, everyMs: 10 } })
    const book = await prices.book.get()
    const asked = () => book.price({ provider: { name: 'openai' }, model: 'gpt-4o' })
    const today = new Date().toISOString().slice(0, 10)
    await expect.poll(() => asked()?.tiers.standard?.[0]?.rates.input).toBe(7_000_000_000)
    expect(asked()).toMatchObject({ date: today, version: expect.stringContaining(`genai-prices@${today}+leashllm#`) })
    price = 8
    await expect.poll(() => asked()?.tiers.standard?.[0]?.rates.input).toBe(8_000_000_000)
    price = 'dear'
    await expect.poll(() => asked()).toBeNull()
    const fetched = vi.spyOn(globalThis, 'fetch')
    onTestFinished(() => fetched.mockRestore())
    prices.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(fetched).not.toHaveBeenCalled()
  })
})

async function serve(answer: () => { status: number; body: string }): Promise<Listening> {
  const server = createServer((_, response) => {
    const { status, body } = answer()
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  const listening = await listen(server)
  return { ...listening, url: `${listening.url}/data.json` }
}
