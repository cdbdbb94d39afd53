/** Through the whole leash, over sockets. */
import { describe, expect, test } from 'vitest'
import { collect, type StreamEvent } from '../../src/core/events.js'
import { createLeash, type Leash, type LeashOptions, type Report } from '../../src/leash.js'
import { protocolNamed } from '../../src/protocols/index.js'
import type { WireEvent } from '../../src/protocols/protocol.js'
import { mockProviders } from '../../src/testing/index.js'
import { useNoKeys } from '../helpers/mock.js'
import { asks, doors, send } from './asks.js'
import { useHonest } from './resume/honest.js'

useNoKeys()
const vendor = useHonest()

function open(options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({
    providers: mockProviders(vendor.url),
    retry: false,
    resume: true,
    circuitBreaker: false,
    ...options,
  })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

/** As a reader of the protocol sees it: fails when anything is out of its place. */
async function decode(name: string, bytes: Uint8Array, model = 'honest') {
  const protocol = await protocolNamed(name)
  if (protocol?.kind !== 'chat') throw new Error('No protocol of chats.')
  const { upstream } = await protocol.codec()
  const decoder = upstream.decodeStream({ model, request: { messages: [] }, lose: () => {} })
  const events: StreamEvent[] = []
  const wire: WireEvent[] = []
  const frames = protocol.framing.unframer((event) => {
    wire.push(event)
    events.push(...decoder.push(event))
  })
  frames.push(bytes)
  frames.end()
  events.push(...decoder.end())
  return { answer: collect(events), wire }
}

const textIn = (answer: ReturnType<typeof collect>) =>
  answer.choices[0]?.content.map((part) => (part.type === 'text' ? part.text : '')).join('')

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer())
const pieces = 'The quick brown fox jumps over the lazy dog, and then it goes home to its den and sleeps.'.split(/(?<= )/)
const whole = pieces.join('')
const spoken = asks.filter(({ protocol }) => protocol !== 'bedrock-converse')

describe.each(doors)('by %s', (door) => {
  describe.each(spoken)('$protocol', ({ protocol, request }) => {
    const name = protocol.split(',')[0] ?? ''
    const ask = (leash: Leash) => send(leash, door, vendor.url, request('Tell me of the fox.', true))

    test('a stream that nothing happens to stays what it is, byte for byte', async () => {
      vendor.model.pieces = pieces
      const without = await bytesOf(await ask(open({ resume: false }).leash))
      vendor.model.pieces = pieces
      ;(vendor.served as unknown[]).length = 0
      const { leash, reports } = open()
      const bytes = await bytesOf(await ask(leash))
      expect(Buffer.from(bytes).equals(without)).toBe(true)
      expect(reports).toMatchObject([{ ended: true, moves: [], attempts: [{ outcome: 'ok' }] }])
    })

    test('cut after any event, it comes to the same text', async () => {
      vendor.model.pieces = pieces
      const all = (await decode(name, await bytesOf(await ask(open().leash)))).wire.length
      for (let cut = 0; cut <= all + 3; cut++) {
        ;(vendor.served as unknown[]).length = 0
        vendor.script({ cut })
        const { leash, reports } = open({ retry: { backoff: () => 0 } })
        const { answer } = await decode(name, await bytesOf(await ask(leash)))
        expect(textIn(answer), `cut after ${cut} events`).toBe(whole)
        expect(answer.choices[0]?.finishReason).toBe('stop')
        expect(reports[0]?.ended).toBe(true)
      }
    })
  })
})
