/**
 * When a stream is whole, in every protocol, as it is and translated: once the event has come that ends the answer,
 * nothing that becomes of the connection makes it less. Before that, whatever is not the answer is a failure.
 */
import { describe, expect, test } from 'vitest'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { framed, messages, streamType, type Vendor, vendorKeys, vendors } from '../helpers/vendors.js'
import { failureOf } from './lanes.js'

/** What becomes of the connection after the last event. */
type Fate = 'closes' | 'breaks' | 'is silent'

/** What goes over the wire as it stands here. */
class Raw {
  constructor(readonly text: string) {}
}

function upstream(vendor: Vendor, events: readonly (object | string)[], fate: Fate): Response {
  const pieces = events.map((event) => (event instanceof Raw ? new TextEncoder().encode(event.text) : framed(vendor, event)))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece) controller.enqueue(piece)
      else if (fate === 'closes') controller.close()
      else if (fate === 'breaks') controller.error(new TypeError('terminated'))
      else return new Promise(() => {})
      return undefined
    },
  })
  return new Response(body, { headers: { 'content-type': streamType(vendor) } })
}

const lanes = ['as it is', 'translated'] as const

/** What the caller is told in the end, and what is booked. */
async function played(
  vendor: Vendor,
  lane: (typeof lanes)[number],
  events: readonly (object | string)[],
  fate: Fate,
  /** What comes when it is asked for again. */
  again: readonly (readonly (object | string)[])[] = [],
) {
  const lines: LedgerLine[] = []
  const answers = [events, ...again]
  const leash = createLeash({
    providers: vendorKeys,
    retry: again.length > 0 && { backoff: () => 0 },
    timeouts: { idleMs: 60 },
    ledger: { sink: (more) => void lines.push(...more) },
    fetch: async (_, { signal } = {}) => {
      const answer = upstream(vendor, answers.shift() ?? [], fate)
      const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      aborted.catch(() => {})
      return new Response(abortable(answer.body, aborted), answer)
    },
  })
  const [path, body] =
    lane === 'as it is'
      ? [vendor.path(true), vendor.ask(true, undefined)]
      : ['https://api.openai.com/v1/chat/completions', { model: vendor.model, stream: true, messages }]
  const told = await failureOf(
    leash.fetch(path, { method: 'POST', headers: { authorization: 'Bearer k' }, body: JSON.stringify(body) }),
  )
  await leash.close()
  const line = lines.at(-1)
  return { told, booked: line?.error ?? line?.outcome, basis: line?.basis, input: line?.usage.input }
}

/** A body that fails when its request is aborted, as the one of `fetch` does. */
function abortable(body: ReadableStream<Uint8Array> | null, aborted: Promise<never>): ReadableStream<Uint8Array> {
  const reader = body?.getReader()
  return new ReadableStream({
    async pull(controller) {
      const read = await Promise.race([reader?.read(), aborted])
      if (!read || read.done) controller.close()
      else controller.enqueue(read.value)
    },
  })
}

const nonsense = {
  'that is cut': '{"id": "x", "typ',
  'with a brace too many': '{{"type":"response.output_text.delta"}',
  'that is HTML': '<html>Bad gateway</html>',
  'that is no object': '["a"]',
}

/** Those that a caller of OpenAI's chat can come to, in words that are not his. */
const translated = vendors.filter(({ name }) => !name.startsWith('openai'))

describe.each(lanes)('%s', (lane) => {
  describe.each(lane === 'as it is' ? vendors : translated)('$name', (vendor) => {
    const events = vendor.events(undefined)
    const whole = events.slice(0, vendor.end + 1)

    test.each(['closes', 'breaks', 'is silent'] as const)(
      'a stream whose connection %s behind its end is complete, and is booked so',
      async (fate) => {
        expect(await played(vendor, lane, whole, fate)).toMatchObject({ told: 'none', booked: 'ok' })
        expect(await played(vendor, lane, events, fate)).toEqual({ told: 'none', booked: 'ok', basis: 'complete', input: 900 })
      },
    )

    test.each([
      ['closes', 'stream_truncated'],
      ['breaks', 'network_error'],
      ['is silent', 'timeout'],
    ] as const)('one whose connection %s before its end is a failure', async (fate, code) => {
      const { told, booked, basis } = await played(vendor, lane, events.slice(0, vendor.end), fate)
      expect([told === 'none', booked, basis]).toEqual([false, code, 'estimated'])
    })

    test.each(Object.entries(nonsense))('an event %s before the end is a failure, and is booked as one', async (_, text) => {
      for (const place of [vendor.end - 1, vendor.end]) {
        const spoiled = [...events.slice(0, place), text, ...events.slice(place)]
        const { told, booked } = await played(vendor, lane, spoiled, 'closes')
        expect([told === 'none', booked]).toEqual([false, 'upstream_malformed'])
      }
    })

    test.each(Object.entries(nonsense))('an event %s before the content is asked for again', async (_, text) => {
      const spoiled = [text, ...events]
      expect(await played(vendor, lane, spoiled, 'closes', [whole])).toMatchObject({ told: 'none', booked: 'ok' })
      const { told, booked } = await played(vendor, lane, spoiled, 'closes')
      expect([told === 'none', booked]).toEqual([false, 'upstream_malformed'])
    })

    test('what comes behind the end is nobody’s loss', async () => {
      const last = vendor.name === 'openai-chat' ? [...events, '[DONE]'] : events
      for (const text of [...Object.values(nonsense), '[DONE]'])
        expect(await played(vendor, lane, [...last, text], 'closes')).toMatchObject({ told: 'none', booked: 'ok', input: 900 })
    })
  })
})

describe.each(lanes)('%s, from Anthropic', (lane) => {
  const vendor = vendors.find(({ name }) => name === 'anthropic-messages') as Vendor
  const [start, ...rest] = vendor.events(undefined)

  test.each([
    ['of nonsense without a name', 'data: once more\n\n'],
    ['without data', 'event: content_block_delta\ndata:\n\n'],
    ['that only keeps the connection open', 'event: ping\ndata: \n\n'],
  ])('an event %s is passed over, as by the SDK', async (_, text) => {
    const events = [start ?? '', new Raw(text), ...rest]
    expect(await played(vendor, lane, events, 'closes')).toMatchObject({ told: 'none', booked: 'ok' })
  })

  test('an error in words of its own is an error', async () => {
    const events = [start ?? '', new Raw('event: error\ndata: Bad gateway\n\n')]
    const { told, booked } = await played(vendor, lane, events, 'closes')
    expect([told === 'none', booked]).toEqual([lane === 'as it is', 'upstream_error'])
  })
})
