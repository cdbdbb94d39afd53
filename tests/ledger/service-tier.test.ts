/** Which tier a call is priced by: the one that the vendor says it was served in, whatever was asked for. */
import { describe, expect, test } from 'vitest'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { useNoKeys } from '../helpers/mock.js'
import { framed, messages, streamType, type Vendor, vendorKeys, vendors } from '../helpers/vendors.js'

useNoKeys()

/** A dollar for a million tokens, half of that for flex, two for priority. */
const rates = { input: 1, output: 1, tiers: { flex: { multiplier: 0.5 }, priority: { multiplier: 2 } } }
const prices = { 'openai/*': rates, 'anthropic/*': rates, 'google/*': rates, 'bedrock/*': rates }

/** The line of a call that asks for one tier and is told another, or none. */
async function lineOf(
  vendor: Vendor,
  stream: boolean,
  asked: string | undefined,
  told: string | undefined,
  caller: Pick<Vendor, 'ask' | 'path'> = vendor,
) {
  const lines: LedgerLine[] = []
  const leash = createLeash({
    providers: vendorKeys,
    prices,
    retry: false,
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async () => {
      if (!stream) return Response.json(vendor.answer(told))
      const events = vendor.events(told).map((event) => framed(vendor, event))
      return new Response(new Blob(events as BlobPart[]), { headers: { 'content-type': streamType(vendor) } })
    },
  })
  const body = JSON.stringify(caller.ask(stream, asked))
  const answer = await leash.fetch(caller.path(stream), { method: 'POST', headers: { authorization: 'Bearer k' }, body })
  await answer.arrayBuffer()
  await leash.close()
  return lines[0] ?? expect.fail()
}

describe.each(vendors)('in $name', (vendor) => {
  describe.each([false, true])('streamed: %s', (stream) => {
    test.each([
      ['flex', 'default', 1],
      ['flex', 'standard', 1],
      ['auto', 'flex', 0.5],
      [undefined, 'priority', 2],
    ])('who asks for %s and is served %s pays for that', async (asked, told, times) => {
      const { cost, serviceTier, basis } = await lineOf(vendor, stream, asked, told)
      expect({ cost, serviceTier, basis }).toEqual({ cost: 1_000_000 * times, serviceTier: told, basis: 'complete' })
    })

    test('who asks for flex and is told nothing pays for flex', async () => {
      const line = await lineOf(vendor, stream, 'flex', undefined)
      expect([line.cost, line.serviceTier]).toEqual([500_000, undefined])
    })

    test('a tier that nobody has a price for has no known cost', async () => {
      expect((await lineOf(vendor, stream, undefined, 'reserved')).cost).toBeNull()
    })
  })
})

describe('translated', () => {
  const models = { 'anthropic-messages': 'anthropic/claude-haiku-4-5', gemini: 'google/gemini-2.5-flash' }
  const others = vendors.filter(({ name }) => name in models)

  test.each(others.flatMap((vendor) => [false, true].map((stream) => ({ vendor, stream, name: vendor.name }))))(
    'from $name, streamed: $stream, the tier is the one that was told',
    async ({ vendor, stream, name }) => {
      const model = models[name as keyof typeof models]
      const caller = {
        path: () => 'https://api.openai.com/v1/chat/completions',
        ask: () => ({ model, stream, messages, service_tier: 'flex' }),
      }
      const line = await lineOf(vendor, stream, undefined, 'priority', caller)
      expect(line).toMatchObject({ cost: 2_000_000, serviceTier: 'priority' })
    },
  )
})
