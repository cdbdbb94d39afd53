import { createHash, createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Connection, isAway, isRefused } from '../../src/control/connection.js'
import type { LeashError } from '../../src/core/errors.js'
import { FakeRelay, key } from './relay.js'

let relay: FakeRelay
beforeEach(async () => {
  relay = await FakeRelay.start()
})
afterEach(() => relay.close())

const open = (over: Partial<ConstructorParameters<typeof Connection>[0]> = {}) => new Connection({ url: relay.url, key, ...over })
const failing = (work: Promise<unknown>): Promise<LeashError> =>
  work.then(
    () => expect.unreachable('it must fail'),
    (error) => error,
  )

describe('where the relay is', () => {
  it.each([
    'http://relay.example.com',
    'ftp://relay.example.com',
    'https://ada:secret@relay.example.com',
    'relay.example.com',
    '',
  ])('is not at %j: whoever is on the way could read the key', (url) => {
    expect(() => open({ url })).toThrow(/^\[invalid_config\] `relay.url` must be an `https:` address/)
  })

  it.each(['https://relay.example.com', 'http://localhost:4000', 'http://[::1]:4000/', 'https://example.com/relay/'])(
    'may be at %j',
    (url) => {
      expect(open({ url }).url).not.toMatch(/\/$/)
    },
  )

  it('is not told by an address with a query', () => {
    expect(() => open({ url: 'https://relay.example.com/?key=1' })).toThrow('leave out what follows')
  })

  it.each(['', ' ', 'two words', 'a\r\nx: y', 'ü'])('does not take %j for a key', (bad) => {
    expect(() => open({ key: bad })).toThrow(/^\[missing_key\]/)
  })
})

describe('an answer of the relay', () => {
  const asking: [string, (connection: Connection) => Promise<unknown>][] = [
    ['over fetch', (connection) => connection.get('/v1/control/policy')],
    ['over a quiet socket', (connection) => connection.getQuietly('/v1/control/policy')],
  ]

  it.each(asking)('comes %s', async (_, ask) => {
    expect(await ask(open())).toMatchObject({ status: 200 })
    expect(relay.asked[0]?.headers.authorization).toBe(`Bearer ${key}`)
  })

  it.each(asking)('that refuses the key says what to do, %s', async (_, ask) => {
    const error = await failing(ask(open({ key: 'another' })))
    expect(error.message).toMatch(/^\[authentication_failed\].*Give one/)
    expect([isRefused(error), isAway(error)]).toEqual([true, false])
    expect(error.message).not.toContain('another')
  })

  it.each(asking)('that does not come is one of a relay that is away, %s', async (_, ask) => {
    relay.fail = () => 'down'
    const error = await failing(ask(open()))
    expect(error.code).toBe('network_error')
    expect(isAway(error)).toBe(true)
  })

  it.each([500, 503, 429])('of %i is one of a relay that is away', async (status) => {
    relay.fail = () => ({ status, headers: { 'retry-after': '7' } })
    const error = await failing(open().get('/v1/control/policy'))
    expect(isAway(error)).toBe(true)
    expect(error.retryAfterMs).toBe(7000)
  })

  it.each(asking)('that leads elsewhere is not followed: the key is for the relay alone, %s', async (_, ask) => {
    relay.fail = ({ path }) => (path.includes('elsewhere') ? undefined : { status: 307, headers: { location: '/elsewhere' } })
    expect((await failing(ask(open()))).message).toMatch(/leads elsewhere/)
    expect(relay.count('/elsewhere')).toBe(0)
  })

  it('that is too long is not read to its end', async () => {
    relay.forge = () => 'x'.repeat(5 * 1024 * 1024)
    for (const [, ask] of asking) expect((await failing(ask(open()))).code).toBe('upstream_malformed')
  })

  it('that never comes is given up on', async () => {
    relay.fail = () => 'hang'
    for (const ask of [
      (connection: Connection) => connection.get('/x', { timeoutMs: 20 }),
      (connection: Connection) => connection.getQuietly('/x', { timeoutMs: 20 }),
    ]) {
      expect((await failing(ask(open()))).code).toBe('timeout')
    }
  })

  it('is asked for by the `fetch` that was passed in', async () => {
    const urls: string[] = []
    const own: typeof fetch = (input, init) => {
      urls.push(String(input))
      return fetch(input, init)
    }
    await open({ fetch: own }).get('/v1/control/policy')
    await open({ fetch: own }).getQuietly('/v1/control/policy')
    expect(urls).toEqual([`${relay.url}/v1/control/policy`, `${relay.url}/v1/control/policy`])
  })

  it('comes to a long body that was packed, and to a short one that was not', async () => {
    const lines = Array.from({ length: 100 }, (_, at) => ({ id: `line ${at}` }))
    await open().postPacked('/v1/usage', JSON.stringify({ lines }))
    await open().postPacked('/v1/usage', JSON.stringify({ lines: [{ id: 'ü' }] }))
    expect(relay.asked.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', undefined])
    expect(relay.lines.size).toBe(101)
  })
})

it.each([
  ['nothing', undefined, 'Give one that it has made and not revoked.'],
  ['no JSON', 'Unauthorized', 'Give one that it has made and not revoked.'],
  [
    'why',
    { error: { message: '[authentication_failed] This key wants every request signed.' } },
    ': This key wants every request',
  ],
])('tells a key that is not taken what the relay says of it: %s', async (_, body, said) => {
  const answers: typeof fetch = async () =>
    body === undefined ? new Response(null, { status: 401 }) : Response.json(body, { status: 401 })
  const error = await failing(open({ fetch: answers }).get('/v1/control/policy'))
  expect(error).toMatchObject({ code: 'authentication_failed', message: expect.stringContaining(said) })
  expect(isRefused(error)).toBe(true)
})

it('signs the path as it is sent, with what the address begins with and with its query, and the body', async () => {
  const sent: { path: string; headers: Headers; body: string }[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, search } = new URL(String(input))
    sent.push({ path: pathname + search, headers: new Headers(init?.headers), body: String(init?.body ?? '') })
    return Response.json({})
  }
  const connection = open({ url: 'https://example.com/relay/', signingSecret: 'a secret', fetch })
  await connection.getQuietly('/v1/control/policy?wait=2')
  await connection.post('/v1/control/leases', { scope: 'ü' })
  expect(sent.map(({ path }) => path)).toEqual(['/relay/v1/control/policy?wait=2', '/relay/v1/control/leases'])
  for (const [at, method] of ['GET', 'POST'].entries()) {
    const { path, headers, body } = sent[at] ?? expect.fail()
    const said = (name: string) => headers.get(`x-leash-${name}`) ?? expect.fail()
    const digest = createHash('sha256').update(body).digest('hex')
    expect(said('digest')).toBe(digest)
    const lines = ['v1', method, path, said('timestamp'), said('nonce'), digest].join('\n')
    expect(said('signature')).toBe(`v1=${createHmac('sha256', 'a secret').update(lines).digest('base64url')}`)
  }
})

it('leaves neither a timer nor a listener behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { signal } = new AbortController()
  const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
  await open({ fetch: async () => Response.json({}) }).get('/v1/control/policy', { signal })
  await failing(open({ fetch: () => Promise.reject(new TypeError('fetch failed')) }).get('/v1/control/policy', { signal }))
  expect(vi.getTimerCount()).toBe(0)
  expect(added).toHaveBeenCalledTimes(2)
  expect(removed).toHaveBeenCalledTimes(2)
})
