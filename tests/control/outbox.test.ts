import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connection } from '../../src/control/connection.js'
import { Outbox, type OutboxDeps } from '../../src/control/outbox.js'
import { Spool } from '../../src/control/spool.js'
import type { UsageBatch } from '../../src/control/wire.js'
import { lineOf, linesOf } from './lines.js'
import { FakeRelay, key } from './relay.js'

let relay: FakeRelay
let folder: string
let warnings: string[]
const outboxes: Outbox[] = []

beforeEach(async () => {
  relay = await FakeRelay.start()
  folder = await mkdtemp(join(tmpdir(), 'leash-outbox-'))
  warnings = []
})
afterEach(async () => {
  relay.fail = () => 'down'
  await Promise.all(outboxes.splice(0).map((outbox) => outbox.close(0)))
  await relay.close()
  await rm(folder, { recursive: true })
})

function open(over: Partial<OutboxDeps> = {}): Outbox {
  const connection = new Connection({ url: relay.url, key })
  const warn = (message: string) => warnings.push(message)
  const outbox = new Outbox({ connection, spool: async () => undefined, warn, soonMs: 20, ...over })
  outboxes.push(outbox)
  return outbox
}

function openOnDisk(over: Partial<OutboxDeps> = {}): Outbox {
  const spool = Spool.open(folder)
  return open({ spool: () => spool, ...over })
}

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 5 })
const batches = () => relay.asked.map(({ body }) => (body as UsageBatch).lines.length)

/** Lines on disk. */
async function kept(): Promise<string[]> {
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  return texts.join('').split('\n').filter(Boolean)
}

describe('lines of the ledger', () => {
  it('are sent soon, together', async () => {
    const outbox = open()
    for (const line of linesOf(3)) void outbox.sink([line])
    await soon(() => expect(relay.lines.size).toBe(3))
    expect(batches()).toEqual([3])
    expect(relay.lines.get('line 1')).toEqual(lineOf(1))
  })

  it('are sent at once when there are many, in batches', async () => {
    const outbox = open()
    void outbox.sink(linesOf(1200))
    await outbox.deliver()
    expect(batches()).toEqual([500, 500, 200])
    expect(relay.asked[0]?.headers['content-encoding']).toBe('gzip')
  })

  it('hold nobody up: a sink that takes them has nothing to wait for', () => {
    expect(open().sink(linesOf(1))).toBeUndefined()
  })

  it('that are long are sent in smaller batches', async () => {
    const outbox = open()
    const long = linesOf(30).map((line) => ({ ...line, tags: { text: 'x'.repeat(100_000) } }))
    void outbox.sink(long)
    await outbox.deliver()
    expect(batches().length).toBeGreaterThan(2)
    expect(relay.lines.size).toBe(30)
  })

  it('count once, also where the answer to them was lost', async () => {
    const outbox = open()
    let times = 2
    relay.fail = () => (times-- > 0 ? 'lost' : undefined)
    void outbox.sink(linesOf(10))
    await soon(() => expect(relay.linesCome).toBe(30))
    expect(relay.lines.size).toBe(10)
    await outbox.close()
    expect(warnings).toEqual([expect.stringContaining('waits to be told')])
  })

  it('that the relay has no time for are sent again', async () => {
    const outbox = open()
    let times = 1
    relay.fail = () => (times-- > 0 ? { status: 429, headers: { 'retry-after-ms': '600' } } : undefined)
    void outbox.sink(linesOf(600))
    await soon(() => expect(relay.lines.size).toBe(600))
  })

  it('that the relay never takes hold up no other', async () => {
    const outbox = open()
    relay.fail = ({ body }) => ((body as UsageBatch).lines.some(({ id }) => id === 'line 7') ? { status: 400 } : undefined)
    void outbox.sink(linesOf(20))
    await outbox.deliver()
    expect(relay.lines.size).toBe(19)
    expect(warnings).toEqual([expect.stringMatching(/^1 lines .* are lost: The relay answered 400 for \/v1\/usage/)])
  })

  it('that are too many for one request are sent in two', async () => {
    const outbox = open()
    relay.fail = ({ body }) => ((body as UsageBatch).lines.length > 8 ? { status: 413 } : undefined)
    void outbox.sink(linesOf(20))
    await outbox.deliver()
    expect(relay.lines.size).toBe(20)
    expect(warnings).toEqual([])
  })
})

it('sends also what comes in the very moment in which all else has been sent', async () => {
  relay.fail = ({ body }) => ((body as UsageBatch).lines.some(({ id }) => id === 'line 0') ? { status: 400 } : undefined)
  const outbox: Outbox = open({ warn: () => outbox.sink(linesOf(500, 1)) })
  void outbox.sink(linesOf(1))
  await soon(() => expect(relay.lines.size).toBe(500))
})

describe('while the relay is away', () => {
  it('the oldest lines go where there is no disk and no more room, and are counted', async () => {
    relay.fail = () => 'down'
    const outbox = open({ mostLines: 10 })
    for (const line of linesOf(25)) void outbox.sink([line])
    await outbox.deliver()
    relay.fail = () => undefined
    await outbox.close()
    expect([...relay.lines.keys()]).toEqual(linesOf(10, 15).map(({ id }) => id))
    expect(warnings).toContainEqual(expect.stringMatching(/^15 lines .* are lost/))
  })

  it('there is room for ten thousand lines, unless it is said otherwise', async () => {
    relay.fail = () => 'down'
    const outbox = open()
    void outbox.sink(linesOf(10_001))
    await outbox.deliver()
    expect(warnings).toContainEqual(expect.stringMatching(/^1 lines .* are lost/))
  })

  it('room is a matter of bytes too', async () => {
    relay.fail = () => 'down'
    const outbox = open({ mostBytes: 5 * JSON.stringify(lineOf(10)).length })
    for (const line of linesOf(20, 10)) void outbox.sink([line])
    await outbox.deliver()
    relay.fail = () => undefined
    await outbox.close()
    expect(relay.lines.size).toBe(5)
  })

  it('the oldest lines go first also when they have been on their way', async () => {
    relay.fail = () => 'down'
    const outbox = open({ mostLines: 600, soonMs: 60_000 })
    void outbox.sink(linesOf(550))
    await outbox.deliver()
    void outbox.sink(linesOf(100, 550))
    relay.fail = () => undefined
    await soon(() => expect(relay.lines.size).toBe(600))
    expect([relay.lines.has('line 49'), relay.lines.has('line 50')]).toEqual([false, true])
  })

  it('the room is the same after many tries', async () => {
    relay.fail = () => 'down'
    const outbox = open({ mostBytes: 5 * JSON.stringify(lineOf(10)).length })
    for (const line of linesOf(20, 10)) {
      void outbox.sink([line])
      await outbox.deliver()
    }
    relay.fail = () => undefined
    await outbox.close()
    expect([...relay.lines.keys()]).toEqual(linesOf(5, 25).map(({ id }) => id))
  })

  it('lines wait on disk where there is one, and nothing is lost', async () => {
    relay.fail = () => ({ status: 503 })
    const outbox = openOnDisk({ mostLines: 10 })
    for (let at = 0; at < 20; at++) {
      void outbox.sink(linesOf(10, at * 10))
      await outbox.deliver()
    }
    await soon(async () => expect((await readdir(folder)).length).toBeGreaterThan(0))
    relay.fail = () => undefined
    await outbox.deliver()
    expect(relay.lines.size).toBe(200)
    await soon(async () => expect(await readdir(folder)).toEqual([]))
  })

  it.each([1, 500])('%s lines that come meanwhile go to the disk: the process may not live longer', async (count) => {
    relay.fail = () => ({ status: 429, headers: { 'retry-after': '20' } })
    const outbox = openOnDisk()
    void outbox.sink(linesOf(1))
    await outbox.deliver()
    void outbox.sink(linesOf(count, 1))
    await soon(async () => {
      const heir = await Spool.open(folder, { staleMs: 0 })
      const names = await readdir(folder)
      expect(names).toHaveLength(1)
      const { lines } = await heir.read({ path: join(folder, names[0] ?? ''), bytes: 0 })
      expect(lines).toHaveLength(1 + count)
    })
    expect(relay.asked).toHaveLength(1)
  })

  it('lines that come while others are written, more than memory has room for, go to the disk too', async () => {
    const spool = await Spool.open(folder)
    const slow = Promise.withResolvers<void>()
    const add = vi.spyOn(spool, 'add').mockImplementationOnce(async (lines) => {
      await slow.promise
      return spool.add(lines)
    })
    const outbox = open({ spool: async () => spool, mostLines: 10, soonMs: 60_000 })
    void outbox.sink(linesOf(11))
    await soon(() => expect(add).toHaveBeenCalled())
    void outbox.sink(linesOf(11, 11))
    slow.resolve()
    await soon(async () => expect(await kept()).toHaveLength(22))
    expect(warnings).toEqual([])
  })

  it('lines for which memory has no more room go to the disk, again and again', async () => {
    const outbox = openOnDisk({ mostLines: 10, soonMs: 60_000 })
    for (const count of [1, 2]) {
      void outbox.sink(linesOf(11, count * 11))
      await soon(async () => expect(await kept()).toHaveLength(count * 11))
    }
  })

  it('lines that a full disk does not take are kept', async () => {
    relay.fail = () => 'down'
    const spool = await Spool.open(folder)
    vi.spyOn(spool, 'add').mockRejectedValueOnce(new Error('no space left on device'))
    const outbox = open({ spool: async () => spool })
    void outbox.sink(linesOf(3))
    await outbox.deliver()
    relay.fail = () => undefined
    await outbox.deliver()
    expect(relay.lines.size).toBe(3)
  })

  it('lines for which the disk has no more room are counted', async () => {
    relay.fail = () => 'down'
    const spool = Spool.open(folder, { mostBytes: 1 })
    const outbox = open({ spool: () => spool })
    void outbox.sink(linesOf(3))
    await outbox.deliver()
    expect(warnings).toContainEqual(expect.stringMatching(/^3 lines .* are lost/))
  })

  it('that is told once, and again only when it was well meanwhile', async () => {
    relay.fail = () => 'down'
    const outbox = open()
    void outbox.sink(linesOf(1))
    for (let at = 0; at < 3; at++) await outbox.deliver()
    expect(warnings).toHaveLength(1)
    relay.fail = () => undefined
    await outbox.deliver()
    relay.fail = () => 'down'
    void outbox.sink(linesOf(1, 1))
    await outbox.deliver()
    expect(warnings).toHaveLength(2)
  })

  it('a disk that cannot be written costs no call, and no more than what finds no room', async () => {
    relay.fail = () => 'down'
    const outbox = open({ mostLines: 5, spool: () => Promise.reject(new Error('read-only')) })
    void outbox.sink(linesOf(8))
    await outbox.deliver()
    relay.fail = () => undefined
    await outbox.close()
    expect(relay.lines.size).toBe(5)
  })
})

describe('a leash that is closed', () => {
  it('delivers what waits', async () => {
    const outbox = open()
    void outbox.sink(linesOf(700))
    await outbox.close()
    expect(relay.lines.size).toBe(700)
  })

  it('tries once more what is just failing', async () => {
    let times = 1
    relay.fail = () => (times-- > 0 ? 'down' : undefined)
    const outbox = open()
    void outbox.sink(linesOf(3))
    void outbox.deliver()
    await outbox.close()
    expect(relay.lines.size).toBe(3)
  })

  it('leaves the rest on disk, for the next', async () => {
    relay.fail = () => 'down'
    const outbox = openOnDisk()
    void outbox.sink(linesOf(30))
    await outbox.close()
    relay.fail = () => undefined
    expect(relay.lines.size).toBe(0)
    const next = openOnDisk()
    await next.adopt()
    await soon(() => expect(relay.lines.size).toBe(30))
    expect(warnings.filter((warning) => warning.includes('lost'))).toEqual([])
  })

  it('waits no longer than it was told to', async () => {
    relay.fail = () => 'hang'
    const outbox = openOnDisk()
    void outbox.sink(linesOf(30))
    await outbox.close(20)
    relay.fail = () => undefined
    const next = openOnDisk()
    await next.adopt()
    await soon(() => expect(relay.lines.size).toBe(30))
  })

  it('says what is lost where there is no disk', async () => {
    relay.fail = () => 'down'
    const outbox = open()
    void outbox.sink(linesOf(30))
    await outbox.close()
    expect(warnings).toContainEqual(expect.stringMatching(/^30 lines .* are lost/))
  })
})

it('takes over nothing any more once it is closed', async () => {
  const another = await Spool.open(folder)
  await another.add([JSON.stringify(lineOf(1))])
  await another.close()
  const outbox = openOnDisk()
  await outbox.close()
  await outbox.adopt()
  expect(await readdir(folder)).toEqual([expect.stringContaining('.free.')])
})

it('delivers what is told after the leash was closed: calls that were under way', async () => {
  const outbox = openOnDisk()
  await outbox.close()
  void outbox.sink(linesOf(3))
  await soon(() => expect(relay.lines.size).toBe(3))
  relay.fail = () => 'down'
  void outbox.sink(linesOf(3, 3))
  await soon(async () => expect(await readdir(folder)).toEqual([expect.stringContaining('.free.')]))
})

it('has as much time for that as ever, however long ago it was closed', async () => {
  const outbox = open()
  await outbox.close(0)
  await new Promise((resolve) => setTimeout(resolve, 5))
  void outbox.sink(linesOf(3))
  await soon(() => expect(relay.lines.size).toBe(3))
  expect(warnings).toEqual([])
})

it('has it too where the time was over in which it was closed', async () => {
  relay.fail = () => 'hang'
  const outbox = open()
  void outbox.sink(linesOf(3))
  await outbox.close(20)
  expect(warnings).toContainEqual(expect.stringMatching(/^3 lines .* are lost/))
  relay.fail = () => undefined
  void outbox.sink(linesOf(3, 3))
  await soon(() => expect(relay.lines.has('line 5')).toBe(true))
})

it('leaves on disk at the end of the process what is on its way, too', async () => {
  relay.fail = () => 'hang'
  const outbox = openOnDisk()
  void outbox.sink(linesOf(600))
  void outbox.deliver()
  await soon(() => expect(relay.asked).toHaveLength(1))
  outbox.keep()
  const next = await Spool.open(folder)
  await next.adopt()
  const { lines } = await next.read(next.first() ?? expect.fail())
  expect(lines).toHaveLength(600)
  await next.close()
  await outbox.close(0)
})

it('leaves at the end of the process what is being written to the disk, too', async () => {
  relay.fail = () => 'down'
  const spool = await Spool.open(folder)
  let ended = () => {}
  const writing = vi.spyOn(spool, 'add').mockImplementation(async () => {
    await new Promise<void>((resolve) => {
      ended = resolve
    })
    return 0
  })
  const outbox = open({ spool: async () => spool })
  void outbox.sink(linesOf(3))
  await soon(() => expect(writing).toHaveBeenCalled())
  outbox.keep()
  const next = await Spool.open(folder)
  await next.adopt()
  expect((await next.read(next.first() ?? expect.fail())).lines).toHaveLength(3)
  await next.close()
  ended()
})

it('leaves at the end of the process no line twice that the disk has already', async () => {
  relay.fail = () => 'down'
  const outbox = openOnDisk()
  void outbox.sink(linesOf(3))
  await outbox.deliver()
  outbox.keep()
  expect(await kept()).toHaveLength(3)
})

it('says that half of a line is lost, which a process left that died while it wrote', async () => {
  await writeFile(join(folder, 'another.000001.free.jsonl'), `${JSON.stringify(lineOf(1))}\n{"id":"li`)
  await openOnDisk().adopt()
  await soon(() => expect(warnings).toEqual(['1 lines of the ledger did not reach the relay, and are lost.']))
  expect([...relay.lines.keys()]).toEqual(['line 1'])
  expect(await readdir(folder)).toEqual([])
})

it('finds what others leave while it runs', async () => {
  const other = await Spool.open(folder)
  const outbox = openOnDisk({ adoptMs: 20 })
  await outbox.adopt()
  await other.add(linesOf(4).map((line) => JSON.stringify(line)))
  await other.close()
  await soon(() => expect(relay.lines.size).toBe(4))
})
