import { appendFile, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Spool, type SpoolOptions } from '../../src/control/spool.js'

let folder: string
const spools: Spool[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leash-spool-'))
})
afterEach(async () => {
  await Promise.all(spools.splice(0).map((spool) => spool.close()))
  await rm(folder, { recursive: true })
})

async function open(options?: SpoolOptions): Promise<Spool> {
  const spool = await Spool.open(folder, options)
  spools.push(spool)
  return spool
}

const texts = (count: number, from = 0) => Array.from({ length: count }, (_, at) => JSON.stringify({ id: from + at }))

/** On a disk that does some things otherwise. */
async function withFiles(change: (real: typeof import('node:fs/promises')) => object): Promise<Spool> {
  const real = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises')
  vi.doMock('node:fs/promises', () => ({ ...real, ...change(real) }))
  const spool = await open()
  vi.doUnmock('node:fs/promises')
  return spool
}

/** All that there is, as who delivers it would take it. */
async function drain(spool: Spool): Promise<string[]> {
  const all: string[] = []
  for (let file = spool.first(); file; file = spool.first()) {
    all.push(...(await spool.read(file)).lines)
    await spool.remove(file)
  }
  return all
}

/** As if nobody had touched any file for so long. */
async function age(ms: number): Promise<void> {
  const then = new Date(Date.now() - ms)
  for (const name of await readdir(folder)) await utimes(join(folder, name), then, then)
}

describe('a spool', () => {
  it('gives back the lines in the order in which they came, and leaves nothing behind', async () => {
    const spool = await open({ fileBytes: 100 })
    for (let at = 0; at < 10; at++) await spool.add(texts(5, at * 5))
    expect((await readdir(folder)).length).toBeGreaterThan(2)
    expect(await drain(spool)).toEqual(texts(50))
    expect(await readdir(folder)).toEqual([])
    expect(spool.isEmpty).toBe(true)
  })

  it('takes lines while the oldest are being delivered', async () => {
    const spool = await open()
    await spool.add(texts(2))
    const first = spool.first()
    await spool.add(texts(2, 2))
    if (!first) expect.unreachable('it has a file')
    expect((await spool.read(first)).lines).toEqual(texts(2))
    await spool.remove(first)
    expect(await drain(spool)).toEqual(texts(2, 2))
  })

  it('gives up the oldest lines when there is no more room, and says how many', async () => {
    const spool = await open({ fileBytes: 100, mostBytes: 300 })
    let lost = 0
    for (let at = 0; at < 10; at++) lost += await spool.add(texts(10, at * 10))
    const left = await drain(spool)
    expect(lost).toBeGreaterThan(0)
    expect(left).toEqual(texts(100).slice(lost))
  })

  it('keeps to its room also where a single file may become larger', async () => {
    const spool = await open({ fileBytes: 1000, mostBytes: 300 })
    let lost = 0
    for (let at = 0; at < 10; at++) lost += await spool.add(texts(10, at * 10))
    const left = await drain(spool)
    expect(left).toEqual(texts(100).slice(lost))
    expect(left.join('\n').length).toBeLessThan(300)
  })

  it('leaves all of it at once to whoever comes next, at the end of the process', async () => {
    const spool = await open({ fileBytes: 20 })
    for (let at = 0; at < 3; at++) await spool.add(texts(2, at * 2))
    spool.leave(texts(1, 6))
    const next = await open()
    await next.adopt()
    expect((await drain(next)).sort()).toEqual(texts(7))
    expect(await readdir(folder)).toEqual([])
  })

  it('keeps a file that cannot be read for the moment, and goes on with the others', async () => {
    const spool = await withFiles((real) => {
      let failures = 1
      return {
        async readFile(path: string, encoding: 'utf8') {
          if (failures-- > 0) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
          return real.readFile(path, encoding)
        },
      }
    })
    await spool.add(texts(2))
    const first = spool.first() ?? expect.fail()
    await spool.add(texts(1, 2))
    await expect(spool.read(first)).rejects.toThrow('too many open files')
    expect(await drain(spool)).toEqual([...texts(1, 2), ...texts(2)])
  })

  it('leaves no half of a line in front of the next, where a disk is full for the moment', async () => {
    const spool = await withFiles((real) => {
      let failures = 1
      return {
        async open(path: string, flags: string, mode: number) {
          const file = await real.open(path, flags, mode)
          const append = file.appendFile.bind(file)
          file.appendFile = async (text) => {
            if (failures-- <= 0) return append(text)
            await append(String(text).slice(0, 4))
            throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
          }
          return file
        },
      }
    })
    await expect(spool.add(texts(2))).rejects.toThrow('no space left')
    await spool.add(texts(2))
    const file = spool.first() ?? expect.fail()
    expect(await spool.read(file)).toEqual({ lines: texts(2), broken: 0 })
  })

  it('is read by its owner alone', async () => {
    await (await open()).add(texts(1))
    const [name = ''] = await readdir(folder)
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
  })
})

describe('what another process has left', () => {
  it('is taken over when that process was closed', async () => {
    const before = await open()
    await before.add(texts(3))
    await before.close()
    const after = await open()
    await after.adopt()
    expect(await drain(after)).toEqual(texts(3))
  })

  it('is left to it as long as it lives', async () => {
    const [living, other] = [await open(), await open()]
    await living.add(texts(3))
    await other.adopt()
    expect(other.isEmpty).toBe(true)
    expect(await drain(living)).toEqual(texts(3))
  })

  it('is taken over when it has died', async () => {
    const [dead, other] = [await open(), await open()]
    await dead.add(texts(3))
    await age(61_000)
    await other.adopt()
    expect(await drain(other)).toEqual(texts(3))
  })

  it('comes before what is new', async () => {
    const [dead, other] = [await open(), await open()]
    await dead.add(texts(3))
    await age(61_000)
    await other.add(texts(1, 9))
    await other.adopt()
    expect(await drain(other)).toEqual([...texts(3), ...texts(1, 9)])
  })

  it('goes to one of all that look for it at once', async () => {
    const dead = await open({ fileBytes: 1 })
    for (let at = 0; at < 30; at++) await dead.add(texts(1, at))
    await age(61_000)
    const heirs = await Promise.all(Array.from({ length: 8 }, () => open()))
    for (let round = 0; round < 3; round++) await Promise.all(heirs.map((heir) => heir.adopt()))
    const all = (await Promise.all(heirs.map(drain))).flat()
    expect(all.sort()).toEqual(texts(30).sort())
  })

  it('that died while it wrote is read to its last whole line', async () => {
    const dead = await open()
    await dead.add(texts(3))
    const [name = ''] = await readdir(folder)
    await appendFile(join(folder, name), '{"id":3,"us')
    await age(61_000)
    const other = await open()
    await other.adopt()
    const file = other.first()
    if (!file) expect.unreachable('it has a file')
    expect(await other.read(file)).toEqual({ lines: texts(3), broken: 1 })
  })

  it('is not lost when it had only slept: it goes on in a file of its own', async () => {
    const [sleeper, other] = [await open(), await open()]
    await sleeper.add(texts(2))
    await age(61_000)
    await other.adopt()
    await sleeper.add(texts(2, 2))
    expect(await drain(other)).toEqual(texts(2))
    expect((await drain(sleeper)).slice(-2)).toEqual(texts(2, 2))
  })

  it('is kept whenever it is taken over', async () => {
    const [sleeper, heir] = [await open(), await open({ staleMs: 0 })]
    const found: string[] = []
    let writing = true
    const stealing = (async () => {
      while (writing) {
        await heir.adopt()
        found.push(...(await drain(heir)))
      }
    })()
    for (const line of texts(100)) await sleeper.add([line])
    writing = false
    await stealing
    await sleeper.close()
    await heir.adopt()
    found.push(...(await drain(heir)))
    expect(new Set(found)).toEqual(new Set(texts(100)))
  })

  it('is kept, too, when it is taken over and delivered between the opening of the file and the writing, again and again', async () => {
    let thefts = 3
    const sleeper = await withFiles((real) => ({
      async open(path: string, flags: string, mode: number) {
        const file = await real.open(path, flags, mode)
        if (thefts-- > 0) await real.rm(path)
        return file
      },
    }))
    await sleeper.add(texts(1))
    expect(await drain(sleeper)).toEqual(texts(1))
  })

  it('is not taken from who has just taken it', async () => {
    const dead = await open()
    await dead.add(texts(1))
    await age(61_000)
    const [first, second] = [await open(), await open()]
    await first.adopt()
    await second.adopt()
    expect([first.isEmpty, second.isEmpty]).toEqual([false, true])
  })

  it('is not looked for in other files', async () => {
    await appendFile(join(folder, 'notes.txt'), 'mine')
    const spool = await open({ staleMs: 0 })
    await spool.adopt()
    expect(await readdir(folder)).toEqual(['notes.txt'])
  })
})

/** What may happen to processes of one folder, of which one is asked at a time. */
type Step =
  | { readonly kind: 'add'; readonly by: number; readonly lines: number }
  | { readonly kind: 'deliver' | 'adopt' | 'die'; readonly by: number }
  | { readonly kind: 'fail'; readonly what: 'readFile' | 'open' | 'appendFile' | 'rename' }

const by = fc.nat(1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), by, lines: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('deliver' as const, 'adopt' as const, 'die' as const), by }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      what: fc.constantFrom('readFile' as const, 'open' as const, 'appendFile' as const, 'rename' as const),
    }),
  },
)

it('delivers every line that it has taken, whatever fails and whoever dies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await rm(folder, { recursive: true })
      const failing = new Set<string>()
      const fails = (what: string) => {
        if (failing.delete(what)) throw Object.assign(new Error(`no ${what} now`), { code: 'EIO' })
      }
      const start = () =>
        withFiles((real) => ({
          async readFile(path: string, encoding: 'utf8') {
            fails('readFile')
            return real.readFile(path, encoding)
          },
          async rename(from: string, to: string) {
            fails('rename')
            return real.rename(from, to)
          },
          async open(path: string, flags: string, mode: number) {
            fails('open')
            const file = await real.open(path, flags, mode)
            const append = file.appendFile.bind(file)
            file.appendFile = async (text) => {
              const cut = failing.has('appendFile') ? String(text).slice(0, 12) : text
              await append(cut)
              fails('appendFile')
            }
            return file
          },
        }))
      const living = [await start(), await start()]
      const [taken, delivered] = [new Set<string>(), new Set<string>()]
      const deliver = async (spool: Spool) => {
        for (let file = spool.first(); file; file = spool.first()) {
          const { lines, broken } = await spool.read(file)
          expect(broken).toBe(0)
          for (const line of lines) delivered.add(line)
          await spool.remove(file)
        }
      }
      for (const one of steps) {
        if (one.kind === 'fail') failing.add(one.what)
        else {
          const spool = living[one.by] ?? expect.fail()
          if (one.kind === 'add') {
            const lines = texts(one.lines, taken.size)
            // What it could not write, whoever gave it has still, and comes with it again.
            for (let added = false; !added; )
              added = await spool.add(lines).then(
                () => true,
                () => false,
              )
            for (const line of lines) taken.add(line)
          } else if (one.kind === 'deliver') await deliver(spool).catch(() => {})
          else if (one.kind === 'adopt') await spool.adopt()
          else {
            await age(61_000)
            living[one.by] = await start()
          }
        }
      }
      failing.clear()
      await age(61_000)
      const heir = await open()
      await heir.adopt()
      await deliver(heir)
      expect([...delivered].sort()).toEqual([...taken].sort())
    }),
    { numRuns: 150 },
  )
})
