import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Connection } from '../../src/control/connection.js'
import { LastGoodFile } from '../../src/control/last-good.js'
import { PolicyFeed } from '../../src/control/policy-feed.js'
import type { PolicyBundle } from '../../src/control/wire.js'
import { FakeRelay, key } from './relay.js'

let relay: FakeRelay
let folder: string
let warnings: string[]
const feeds: PolicyFeed[] = []

beforeEach(async () => {
  relay = await FakeRelay.start()
  folder = await mkdtemp(join(tmpdir(), 'leash-feed-'))
  warnings = []
})
afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.close()))
  await relay.close()
  await rm(folder, { recursive: true })
})

interface Over {
  readonly key?: string
  readonly publicKey?: string
  readonly folder?: string
}

function open(over: Over = {}): PolicyFeed {
  const connection = new Connection({ url: relay.url, key: over.key ?? key })
  const at = over.folder
  const file = async () => (at === undefined ? undefined : new LastGoodFile(at))
  const feed = new PolicyFeed({ connection, file, publicKey: over.publicKey, warn: (message) => warnings.push(message) })
  feeds.push(feed)
  return feed
}

function thrown(feed: PolicyFeed): unknown {
  try {
    return void feed.check()
  } catch (error) {
    return error
  }
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

/** A feed that has been there before, and has left what it knew. */
async function earlier(change: Partial<PolicyBundle> = {}): Promise<void> {
  relay.publish(change)
  const feed = open({ folder })
  await feed.ready()
  await soon(async () => expect(await readdir(folder)).toEqual(['policy.json']))
  await feed.close()
}

async function heardAgo(ms: number): Promise<void> {
  const path = join(folder, 'policy.json')
  const kept = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...kept, heardAt: Date.now() - ms }))
}

describe('the first policy', () => {
  it('is there before the first call', async () => {
    relay.publish({ policy: { maxAttempts: 3 } })
    expect(await open().ready()).toEqual(relay.bundle)
  })

  it('is followed by another of the same moment, as the defaults of a relay are of none', async () => {
    relay.publish({ issuedAt: 0 })
    const feed = open()
    await feed.ready()
    relay.publish({ issuedAt: 0, policy: { maxAttempts: 3 } })
    await soon(() => expect(feed.policy().policy).toEqual({ maxAttempts: 3 }))
  })

  it('is asked for once, however many wait for it', async () => {
    const feed = open()
    const all = await Promise.all(Array.from({ length: 20 }, () => feed.ready()))
    expect(new Set(all).size).toBe(1)
    expect(relay.asked.filter(({ path }) => !path.includes('wait'))).toHaveLength(1)
  })

  it('is refused with the key, whatever was kept from before', async () => {
    await earlier()
    relay.fail = () => ({ status: 401 })
    await expect(open({ folder }).ready()).rejects.toThrow(/^\[authentication_failed\].*`relay.key`.*Give one/)
  })

  it('is missing where the relay is away and nothing was kept, until somebody asks again', async () => {
    relay.fail = () => 'down'
    const feed = open({ folder })
    await expect(feed.ready()).rejects.toMatchObject({ code: 'overloaded', retryable: true })
    expect(() => feed.policy()).toThrow(/^\[overloaded\]/)
    relay.fail = () => undefined
    expect(await feed.ready()).toEqual(relay.bundle)
  })

  it('is kept also by a program that ends at once', async () => {
    const feed = open({ folder })
    await feed.ready()
    await feed.close()
    expect(await readdir(folder)).toEqual(['policy.json'])
  })

  it('is the one that was kept where the relay is away', async () => {
    await earlier({ whenStale: 'closed', policy: { maxAttempts: 4 } })
    relay.fail = () => 'down'
    expect((await open({ folder }).ready()).policy).toEqual({ maxAttempts: 4 })
    expect(warnings).toEqual([expect.stringContaining('cannot be reached')])
  })

  it('is the one that was kept, however old, where the relay has said that calls go on', async () => {
    await earlier({ whenStale: 'open', staleMs: 1000 })
    await heardAgo(3_600_000)
    relay.fail = () => ({ status: 503 })
    const feed = open({ folder })
    expect(await feed.ready()).toEqual(relay.bundle)
    expect(() => feed.check()).not.toThrow()
  })

  it('is not one that is too old where the relay has said that calls end', async () => {
    await earlier({ whenStale: 'closed', staleMs: 60_000 })
    await heardAgo(61_000)
    relay.fail = () => 'down'
    await expect(open({ folder }).ready()).rejects.toThrow(/^\[overloaded\] The relay has not been heard of/)
  })

  it('is not found at an address that is no relay', async () => {
    relay.fail = () => ({ status: 404 })
    await expect(open().ready()).rejects.toThrow(/^\[not_found\] There is no relay at/)
  })

  it('is kept where only the owner may read it', async () => {
    const { stat } = await import('node:fs/promises')
    await earlier()
    expect((await stat(join(folder, 'policy.json'))).mode & 0o777).toBe(0o600)
  })
})

describe('a policy that cannot be the relay’s word', () => {
  const forgeries: [string, () => void][] = [
    ['whose text was changed', () => (relay.forge = (signed) => ({ ...signed, payload: signed.payload.replace('red', 'bad') }))],
    ['whose signature is of another text', () => (relay.forge = (signed) => ({ ...signed, signature: btoa('x'.repeat(64)) }))],
    ['whose signature is no base64', () => (relay.forge = (signed) => ({ ...signed, signature: '%%%' }))],
    ['whose key has the wrong length', () => (relay.forge = (signed) => ({ ...signed, publicKey: btoa('short') }))],
    ['that is no bundle', () => (relay.forge = () => ({ error: 'no' }))],
    ['that is not even JSON', () => (relay.forge = () => undefined)],
    ['that lacks members', () => relay.publish({ staleMs: Number.NaN })],
    ['that is larger than any policy', () => relay.publish({ policy: { x: 'x'.repeat(1_100_000) } })],
  ]

  it.each(forgeries)('%s is no first one', async (_, forge) => {
    forge()
    await expect(open().ready()).rejects.toMatchObject({ code: 'upstream_malformed' })
  })

  it.each(forgeries)('%s leaves the one before in force, and is told of', async (_, forge) => {
    const feed = open()
    const heard = vi.fn()
    feed.onPolicy(heard)
    const first = await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    forge()
    relay.publish({ staleMs: relay.bundle.staleMs })
    await soon(() => expect(warnings).toHaveLength(1))
    expect(warnings[0]).toMatch(/^The relay's policy/)
    expect(feed.policy()).toEqual(first)
    expect(heard).not.toHaveBeenCalled()
  })

  it('is one signed by another key than was given', async () => {
    const other = await FakeRelay.start()
    await other.close()
    await expect(open({ publicKey: other.publicKey }).ready()).rejects.toThrow(/signed by another key than before/)
    expect(await open({ publicKey: relay.publicKey }).ready()).toEqual(relay.bundle)
  })

  it('is one signed by another key than the first, also after a new start', async () => {
    await earlier()
    const other = await FakeRelay.start()
    other.publish({ issuedAt: 5000, policy: { strict: true } })
    relay.forge = () => signed
    const signed = await other.sign()
    await other.close()
    const feed = open({ folder })
    expect(await feed.ready()).toEqual(relay.bundle)
    expect(warnings).toEqual([expect.stringMatching(/signed by another key.*relay\.publicKey/)])
  })

  it('is one signed by another key than the first, while it runs', async () => {
    const feed = open()
    const first = await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    const other = await FakeRelay.start()
    relay.forge = () => signed
    const signed = await other.sign({ ...relay.bundle, issuedAt: relay.bundle.issuedAt + 1, policy: { strict: true } })
    await other.close()
    relay.publish({ policy: { strict: true } })
    await soon(() => expect(warnings).toEqual([expect.stringMatching(/signed by another key/)]))
    expect(feed.policy()).toEqual(first)
  })

  it('is one of another tenant, or another key', async () => {
    for (const change of [{ tenant: 'blue' }, { key: 'k2' }]) {
      const feed = open()
      const first = await feed.ready()
      await soon(() => expect(relay.polls).toBe(1))
      warnings = []
      relay.publish(change)
      await soon(() => expect(warnings).toEqual([expect.stringContaining('another tenant or key')]))
      expect(feed.policy()).toEqual(first)
      await feed.close()
      relay.publish({ tenant: 'red', key: 'k1' })
      await soon(() => expect(relay.polls).toBe(0))
    }
  })

  it('is one older than the one in force, as it would be played back', async () => {
    relay.publish({ issuedAt: 9000 })
    const old = await relay.sign({ ...relay.bundle, revision: '0', issuedAt: 8999 })
    const feed = open()
    await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    relay.forge = () => old
    relay.publish({})
    await soon(() => expect(warnings).toEqual([expect.stringContaining('older than the one')]))
    expect(feed.policy().issuedAt).toBe(9000)
  })

  it('is not taken from the disk either', async () => {
    await earlier()
    const path = join(folder, 'policy.json')
    const { signed } = JSON.parse(await readFile(path, 'utf8'))
    const payload = signed.payload.replace('"policy":{}', '"policy":{"maxAttempts":99}')
    await writeFile(path, JSON.stringify({ heardAt: Date.now(), signed: { ...signed, payload } }))
    relay.fail = () => 'down'
    await expect(open({ folder }).ready()).rejects.toMatchObject({ code: 'overloaded' })
    expect(warnings).toEqual([expect.stringContaining('is not used')])
  })

  it('is not seen in half a file', async () => {
    await writeFile(join(folder, 'policy.json'), '{"heardAt":1,"sig')
    expect(await open({ folder }).ready()).toEqual(relay.bundle)
    expect(warnings).toEqual([])
  })
})

describe('a policy that follows', () => {
  it('is told of as soon as the relay has it, and kept', async () => {
    const feed = open({ folder })
    await feed.ready()
    const heard: PolicyBundle[] = []
    feed.onPolicy((bundle) => heard.push(bundle))
    await soon(() => expect(relay.polls).toBe(1))
    relay.publish({ policy: { maxAttempts: 2 } })
    await soon(() => expect(heard).toEqual([relay.bundle]))
    expect(feed.policy()).toEqual(relay.bundle)
    await soon(async () => expect(await readFile(join(folder, 'policy.json'), 'utf8')).toContain('maxAttempts'))
    await soon(() => expect(relay.polls).toBe(1))
  })

  it('is waited for by one question at a time, which names what is known', async () => {
    const feed = open()
    await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    expect(relay.asked.at(-1)).toMatchObject({
      path: '/v1/control/policy?wait=25',
      headers: expect.objectContaining({ 'if-none-match': '"1"' }),
    })
  })

  it('is asked for once in a second of a relay that waits for nothing', async () => {
    relay.fail = ({ path }) => (path.includes('wait') ? { status: 304 } : undefined)
    const timers = vi.spyOn(globalThis, 'setTimeout')
    onTestFinished(() => timers.mockRestore())
    await open().ready()
    const pauses = () => timers.mock.calls.flatMap(([, ms = 0]) => (ms > 500 && ms <= 1000 ? [ms] : []))
    await soon(() => expect(pauses()).toHaveLength(1))
  })

  it('that a listener cannot take is told of, and harms no other listener', async () => {
    const feed = open()
    await feed.ready()
    const heard = vi.fn()
    feed.onPolicy(() => {
      throw new Error('too strict')
    })
    feed.onPolicy(heard)
    await soon(() => expect(relay.polls).toBe(1))
    relay.publish({})
    await soon(() => expect(heard).toHaveBeenCalledOnce())
    expect(warnings).toEqual([expect.stringContaining('too strict')])
  })

  it('comes through when the relay is back', async () => {
    const feed = open()
    await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    await relay.close()
    await soon(() => expect(warnings).toHaveLength(1))
    relay.publish({ policy: { maxAttempts: 7 } })
    await relay.listen()
    await soon(() => expect(feed.policy().policy).toEqual({ maxAttempts: 7 }))
  })
})

describe('calls', () => {
  it('fail when the relay does not take the key any more, and go on when it does again', async () => {
    const feed = open()
    await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    relay.fail = () => ({ status: 401 })
    relay.publish({})
    await soon(() => expect(() => feed.check()).toThrow(/^\[authentication_failed\]/))
    expect(thrown(feed), 'each call writes its attempts into its own error').not.toBe(thrown(feed))
    relay.fail = () => undefined
    await soon(() => expect(() => feed.check()).not.toThrow())
  })

  it('fail while the relay is away for longer than a closed policy may be used', async () => {
    relay.publish({ whenStale: 'closed', staleMs: 100 })
    const feed = open()
    await feed.ready()
    feed.check()
    relay.fail = () => 'down'
    const check = async () => feed.check()
    await soon(() => expect(check()).rejects.toThrow(/^\[overloaded\] The relay has not been heard of/))
    relay.fail = () => undefined
    await soon(check)
  })

  it('go on at once after a sleep in which nothing was heard, by the policy that there is then', async () => {
    relay.publish({ whenStale: 'closed', staleMs: 60_000 })
    const feed = open()
    const revisions: string[] = []
    feed.onPolicy(({ revision }) => revisions.push(revision))
    await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    const origin = Date.now() - performance.now()
    const now = vi.spyOn(Date, 'now').mockImplementation(() => origin + performance.now() + 3_600_000)
    const { length } = relay.asked
    await Promise.all([feed.check(), feed.check()])
    expect(relay.asked.slice(length)).toMatchObject([{ path: '/v1/control/policy' }])
    expect(feed.check()).toBeUndefined()
    now.mockImplementation(() => origin + performance.now() + 7_200_000)
    relay.fail = () => 'down'
    const all = await Promise.allSettled([feed.check(), feed.check()])
    const [one, other] = all.map((each) => each.status === 'rejected' && each.reason)
    expect(one).toMatchObject({ code: 'overloaded', retryable: true })
    expect(other).not.toBe(one)
    expect(() => feed.check()).toThrow('has not been heard of')
    now.mockRestore()
  })

  it('hold to what comes next also when the clock was set back while nothing changed', async () => {
    const feed = open()
    await feed.ready()
    await soon(() => expect(relay.polls).toBe(1))
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000)
    onTestFinished(() => now.mockRestore())
    relay.wake()
    await soon(() => expect(relay.count('/v1/control/policy?wait')).toBe(2))
  })

  it('learn what becomes of them without the relay from the policy', async () => {
    const feed = open()
    expect(feed.whenAway).toBe('closed')
    await feed.ready()
    expect(feed.whenAway).toBe('open')
  })
})

it('asks no more when it is closed', async () => {
  const feed = open()
  await feed.ready()
  await soon(() => expect(relay.polls).toBe(1))
  await feed.close()
  await soon(() => expect(relay.polls).toBe(0))
  const { length } = relay.asked
  relay.publish({})
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(relay.asked).toHaveLength(length)
  expect(warnings).toEqual([])
})
