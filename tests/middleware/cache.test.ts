/** Through the whole leash, over sockets. */
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM, reportOf } from '../../src/index.js'
import { createLeash, type Leash, type LeashOptions, type Middleware, type Report } from '../../src/leash.js'
import { redis } from '../../src/stores/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { hasRedis, useRedis } from '../helpers/redis.js'
import { type Ask, asks, doors, send } from './asks.js'

const mock = useMock()

function open(options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, cache: true, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
const text = 'one two three four five six seven eight'
const [chat] = asks as [Ask, ...Ask[]]

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test('the same question gets the same answer, byte for byte, and nobody is asked', async () => {
      const { leash, reports } = open()
      const ask = () => send(leash, door, mock.url, request(text, false))
      const first = await ask()
      const body = await bytesOf(first)
      const second = await ask()
      expect((await bytesOf(second)).equals(body)).toBe(true)
      expect(mock.requests).toHaveLength(1)
      expect(second.status).toBe(200)
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'))
      expect([first, second].map(({ headers }) => headers.get('x-leash-cache'))).toEqual(['miss', 'hit'])
      expect([first, second].map(({ headers }) => headers.get('x-leash-attempts'))).toEqual(['1', '0'])
      const [miss, hit] = reports
      expect(miss).toMatchObject({ cache: 'miss', attempts: [{ outcome: 'ok' }] })
      expect(hit).toMatchObject({ ended: true, cache: 'hit', attempts: [], usage: miss?.usage, model: miss?.model })
      expect(hit?.cost).toEqual({ usd: 0, estimated: false, savedUsd: miss?.cost?.usd })
      expect(hit?.warnings).toEqual(miss?.warnings)
    })

    test.each([
      ['as it comes', {}],
      ['one byte at a time', { chunkBytes: 1 }],
    ])('a stream that came %s is given again, byte for byte', async (_, fault) => {
      const { leash, reports } = open()
      mock.script(fault)
      const ask = () => send(leash, door, mock.url, request('one two three', true))
      const [first, second] = [await bytesOf(await ask()), await bytesOf(await ask())]
      expect(second.equals(first)).toBe(true)
      expect(first.length).toBeGreaterThan(50)
      expect(mock.requests).toHaveLength(1)
      expect(reports).toMatchObject([{ cache: 'miss' }, { cache: 'hit', usage: reports[0]?.usage, attempts: [] }])
    })

    test('a stream and a whole answer do not stand in for each other', async () => {
      const { leash } = open()
      for (const stream of [true, false]) await bytesOf(await send(leash, door, mock.url, request(text, stream)))
      expect(mock.requests).toHaveLength(2)
    })

    test('neither an error, nor a stream that broke or was left, is kept', async () => {
      const { leash } = open()
      const ask = async (stream: boolean) => bytesOf(await send(leash, door, mock.url, request(text, stream)))
      const read = (stream: boolean) => ask(stream).catch(() => {})
      mock.script({ status: 500 }, { cutAfter: { events: 3 } })
      await read(false)
      await read(true)
      const left = await send(leash, door, mock.url, request(text, true))
      await left.body?.cancel()
      expect((await leash.cache.stats()).kept).toBe(0)
      await read(true)
      expect(mock.requests).toHaveLength(4)
    })
  })
})
