import { execFileSync } from 'node:child_process'
import { createReadStream, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LeashError } from '../../../src/core/errors.js'
import { asObject, parseJson } from '../../../src/core/json.js'
import type { LedgerLine } from '../../../src/core/ledger.js'
import { noUsage } from '../../../src/core/usage.js'
import { Journal } from '../../../src/relay/usage/journal.js'
import { temporaryFolder } from '../helpers.js'

vi.mock('node:fs', async (real) => {
  const files = await real<typeof import('node:fs')>()
  return {
    ...files,
    writeSync: vi.fn(files.writeSync),
    writeFileSync: vi.fn(files.writeFileSync),
    createReadStream: vi.fn(files.createReadStream),
  }
})
const files = await vi.importActual<typeof import('node:fs')>('node:fs')

const idIn = (text: string) => asObject(parseJson(text)).id

function line(id: string): LedgerLine {
  return {
    id,
    callId: id,
    attempt: 1,
    at: 1,
    durationMs: 1,
    tenant: 'red',
    key: 'k',
    provider: 'openai',
    model: 'gpt-4o-mini',
    protocol: 'openai-chat',
    outcome: 'ok',
    usage: noUsage,
    basis: 'complete',
    cost: 1,
  }
}

/** What the database has been given, by batches. */
function database(fails: (lines: readonly LedgerLine[]) => Error | undefined = () => undefined) {
  const batches: string[][] = []
  const take = async (batch: unknown) => {
    const { lines } = batch as { lines: LedgerLine[] }
    const error = fails(lines)
    if (error) throw error
    batches.push(lines.map(({ id }) => id))
    return { taken: lines.length, known: 0 }
  }
  return { batches, usage: { take } }
}

const left = (folder: string) => readdirSync(join(folder, 'journal'))

test('lines of many calls go to the database together, and leave no file', async () => {
  const [folder, { batches, usage }] = [temporaryFolder(), database()]
  const journal = await Journal.open({ folder, usage, warn: expect.fail, everyMs: 5 })
  for (let count = 0; count < 100; count++) journal.add([line(`l${count}`)])
  await expect.poll(() => batches.flat()).toHaveLength(100)
  expect(batches).toHaveLength(1)
  await journal.close()
  expect(left(folder)).toEqual([])
})

test('who waits for what was added waits until it is in the file, and for no longer than a turn of the event loop', async () => {
  const [folder, { usage }] = [temporaryFolder(), database()]
  const journal = await Journal.open({ folder, usage, warn: expect.fail, everyMs: 60_000 })
  expect(journal.written()).toBeUndefined()
  journal.add([line('a')])
  journal.add([line('b'), line('c')])
  expect(left(folder)).toEqual([])
  let turned = false
  setImmediate(() => setImmediate(() => (turned = true)))
  await journal.written()
  expect([turned, journal.written()]).toEqual([false, undefined])
  const inFile = () => readFileSync(join(folder, 'journal', left(folder)[0] ?? ''), 'utf8')
  expect(inFile().match(/"id":"\w"/g)).toEqual(['"id":"a"', '"id":"b"', '"id":"c"'])
  journal.add([line('d')])
  await journal.written()
  expect(inFile().trim().split('\n')).toHaveLength(4)
  await journal.close()
})

test('what a relay has booked before it was killed, the next one delivers', async () => {
  const [folder, { batches, usage }] = [temporaryFolder(), database()]
  // A number of a process that has ended.
  const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }))
  const here = hostname().replace(/[^\w.]/g, '_')
  const put = (name: string, text: string) => {
    mkdirSync(join(folder, 'journal'), { recursive: true })
    writeFileSync(join(folder, 'journal', name), text)
    return join(folder, 'journal', name)
  }
  put(`1-${dead}-${here}-0.jsonl`, `${JSON.stringify(line('whole'))}\n${JSON.stringify(line('half')).slice(0, 40)}`)
  utimesSync(put(`2-1-elsewhere-0.jsonl`, `${JSON.stringify(line('of elsewhere'))}\n`), 1, 1)
  const [hoursAgo, minutesAgo] = [Date.now() / 1000 - 7200, Date.now() / 1000 - 1800]
  utimesSync(
    put(`3-${process.ppid}-${here}-1.jsonl`, `${JSON.stringify(line('of a number that is another’s now'))}\n`),
    hoursAgo,
    hoursAgo,
  )
  const alive = [`1-${process.ppid}-${here}-0.jsonl`, `3-${dead}-elsewhere-0.jsonl`, `4-${process.pid}-elsewhere-0.jsonl`]
  for (const name of alive) put(name, `${JSON.stringify(line('of another that lives'))}\n`)
  utimesSync(join(folder, 'journal', alive[0] ?? ''), minutesAgo, minutesAgo)
  await (await Journal.open({ folder, usage, warn: expect.fail })).close()
  expect(batches).toEqual([['whole'], ['of elsewhere'], ['of a number that is another’s now']])
  expect(left(folder)).toEqual(alive)
})

test('while the database is away, lines wait in the file, and the relay stops all the same', async () => {
  const [folder, warnings] = [temporaryFolder(), [] as string[]]
  let away = true
  const { batches, usage } = database(() => (away ? new LeashError('overloaded', 'away', { retryable: true }) : undefined))
  const first = await Journal.open({ folder, usage, warn: (message) => warnings.push(message), everyMs: 1 })
  first.add([line('a')])
  await expect.poll(() => warnings).toHaveLength(1)
  await first.close()
  expect(left(folder)).toHaveLength(1)
  away = false
  await (await Journal.open({ folder, usage, warn: expect.fail })).close()
  expect(batches).toEqual([['a']])
})

test('a relay that looks for what others have left leaves its own be', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const [folder, warnings] = [temporaryFolder(), [] as string[]]
  const { usage } = database(() => new LeashError('overloaded', 'away', { retryable: true }))
  const journal = await Journal.open({ folder, usage, warn: (message) => warnings.push(message), everyMs: 1 })
  journal.add([line('a')])
  await expect.poll(() => warnings).toHaveLength(1)
  // Looked at after its own.
  const path = join(folder, 'journal', '9-1-elsewhere-0.jsonl')
  writeFileSync(path, `${JSON.stringify(line('b'))}\n`)
  utimesSync(path, 1, 1)
  vi.advanceTimersToNextTimer()
  await expect.poll(() => warnings.at(-1)).toContain(path)
  await journal.close()
  expect(warnings).toEqual([expect.stringContaining('waits for the database'), expect.stringContaining(path)])
})

test('a file that takes only a part of what is written gets the rest as well', async () => {
  const [folder, { usage }] = [temporaryFolder(), database()]
  const journal = await Journal.open({ folder, usage, warn: expect.fail, everyMs: 60_000 })
  vi.mocked(writeSync).mockImplementationOnce((file, text) => files.writeSync(file, String(text).slice(0, 10)))
  journal.add([line('a'), line('b')])
  await journal.written()
  expect(
    readFileSync(join(folder, 'journal', left(folder)[0] ?? ''), 'utf8')
      .trim()
      .split('\n')
      .map(idIn),
  ).toEqual(['a', 'b'])
  await journal.close()
})

test('half of a line, on a disk that is full for the moment, spoils no other', async () => {
  const [folder, { usage }] = [temporaryFolder(), database()]
  const told: string[] = []
  const journal = await Journal.open({ folder, usage, warn: (message) => told.push(message), everyMs: 60_000 })
  vi.mocked(writeFileSync).mockImplementationOnce((file, text) => {
    files.writeSync(Number(file), String(text).slice(0, 20))
    throw new Error('no space left on device')
  })
  for (const id of ['a', 'b']) {
    journal.add([line(id)])
    await journal.written()
  }
  expect(told).toEqual([expect.stringContaining('no space left on device')])
  const text = readFileSync(join(folder, 'journal', left(folder)[0] ?? ''), 'utf8')
  expect(text.split('\n').map(idIn)).toContain('b')
  await journal.close()
})

test('a disk that stays full is told of once, and what is lost with it at the end', async () => {
  const [folder, told] = [temporaryFolder(), [] as string[]]
  const { batches, usage } = database(([first]) =>
    first?.id === 'lost' ? new LeashError('overloaded', 'away', { retryable: true }) : undefined,
  )
  const journal = await Journal.open({ folder, usage, warn: (message) => told.push(message), everyMs: 1 })
  const add = async (...ids: string[]) => {
    journal.add(ids.map(line))
    await journal.written()
  }
  const full = () => {
    throw new Error('no space left on device')
  }
  onTestFinished(() => void vi.mocked(writeFileSync).mockImplementation(files.writeFileSync))
  vi.mocked(writeFileSync).mockImplementation(full)
  for (const id of ['a', 'b', 'c']) await add(id)
  await expect.poll(() => batches.flat()).toEqual(['a', 'b', 'c'])
  expect(told).toHaveLength(1)
  vi.mocked(writeFileSync).mockImplementation(files.writeFileSync)
  await add('kept')
  await expect.poll(() => batches.flat()).toContain('kept')
  vi.mocked(writeFileSync).mockImplementation(full)
  await add('lost', 'too')
  await journal.close()
  expect(told.filter((message) => message.includes('in memory only'))).toHaveLength(2)
  expect(told.at(-1)).toMatch(/what up to 2 attempts have cost is lost/)
})

test('a folder that is gone costs no line while the database takes them', async () => {
  const [folder, { batches, usage }] = [temporaryFolder(), database()]
  const warnings: string[] = []
  const journal = await Journal.open({ folder, usage, warn: (message) => warnings.push(message), everyMs: 5 })
  files.rmSync(join(folder, 'journal'), { recursive: true })
  for (const id of ['a', 'b']) {
    journal.add([line(id)])
    await expect.poll(() => batches.flat()).toContain(id)
  }
  await journal.close()
  expect(warnings).toEqual([expect.stringMatching(/^What calls have cost is kept in memory only, until the database has it: /)])
})

test('what is in a file alone that cannot be read for the moment is brought later, and what is in memory at once', async () => {
  const folder = temporaryFolder()
  let away = true
  const { batches, usage } = database(() => (away ? new LeashError('overloaded', 'away', { retryable: true }) : undefined))
  const told: string[] = []
  const journal = await Journal.open({ folder, usage, warn: (message) => told.push(message), everyMs: 1 })
  journal.add([line('first')])
  await expect.poll(() => told).toHaveLength(1)
  journal.add(Array.from({ length: 100_000 }, () => line('many')))
  await journal.written()
  journal.add([line('last')])
  await journal.written()
  vi.mocked(createReadStream).mockImplementationOnce(() => {
    throw new Error('too many open files')
  })
  away = false
  await expect.poll(() => batches.flat().length).toBeGreaterThan(100_000)
  await expect.poll(() => told.at(-1)).toContain('too many open files')
  await journal.close()
  expect(batches.flat()).not.toContain('last')
  const next = await Journal.open({ folder, usage, warn: expect.fail, everyMs: 1 })
  expect(batches.flat()).toContain('last')
  await next.close()
  expect(left(folder)).toEqual([])
})

test('what a full disk does not take stays in memory, however much waits there already', async () => {
  let away = true
  const { batches, usage } = database(() => (away ? new LeashError('overloaded', 'away', { retryable: true }) : undefined))
  const journal = await Journal.open({ folder: temporaryFolder(), usage, warn: () => {}, everyMs: 1 })
  journal.add(Array.from({ length: 100_000 }, () => line('many')))
  await journal.written()
  vi.mocked(writeFileSync).mockImplementationOnce(() => {
    throw new Error('no space left on device')
  })
  journal.add([line('last')])
  await journal.written()
  away = false
  await expect.poll(() => batches.flat()).toContain('last')
  await journal.close()
})

test('what the database has had waits no more, and makes room for others', async () => {
  const [folder, { batches, usage }] = [temporaryFolder(), database()]
  const journal = await Journal.open({ folder, usage, warn: expect.fail, everyMs: 1 })
  vi.mocked(createReadStream).mockClear()
  for (const some of [Array.from({ length: 100_000 }, () => line('many')), [line('last')]]) {
    journal.add(some)
    await journal.written()
    await expect.poll(() => left(folder)).toEqual([])
  }
  await journal.close()
  expect(batches.flat().at(-1)).toBe('last')
  expect(createReadStream).not.toHaveBeenCalled()
})

test('a line that the database never takes holds up no other', async () => {
  const warnings: string[] = []
  const { batches, usage } = database((lines) =>
    lines.some(({ id }) => id === 'l3') ? new LeashError('invalid_request', 'no') : undefined,
  )
  const journal = await Journal.open({ folder: temporaryFolder(), usage, warn: (message) => warnings.push(message) })
  journal.add(Array.from({ length: 8 }, (_, count) => line(`l${count}`)))
  await journal.close()
  expect(batches.flat()).toEqual(['l0', 'l1', 'l2', 'l4', 'l5', 'l6', 'l7'])
  expect(warnings).toHaveLength(1)
})

test('nor one that another relay has left', async () => {
  const [folder, warnings] = [temporaryFolder(), [] as string[]]
  const { batches, usage } = database((lines) =>
    lines.some(({ id }) => id === 'b') ? new LeashError('invalid_request', 'no') : undefined,
  )
  mkdirSync(join(folder, 'journal'), { recursive: true })
  const path = join(folder, 'journal', '2-1-elsewhere-0.jsonl')
  writeFileSync(path, ['a', 'b', 'c'].map((id) => `${JSON.stringify(line(id))}\n`).join(''))
  utimesSync(path, 1, 1)
  await (await Journal.open({ folder, usage, warn: (message) => warnings.push(message) })).close()
  expect([batches.flat(), left(folder)]).toEqual([['a', 'c'], []])
  expect(warnings).toHaveLength(1)
})

test('what has grown for hours is read piece by piece, whatever stands at the end of each', async () => {
  const [folder, { batches, usage }] = [temporaryFolder(), database()]
  mkdirSync(join(folder, 'journal'), { recursive: true })
  const path = join(folder, 'journal', '2-1-elsewhere-0.jsonl')
  const ids = Array.from({ length: 20_000 }, (_, at) => `ü\u2028${at}`)
  writeFileSync(path, ids.map((id) => `\n${JSON.stringify(line(id))}`).join(''))
  utimesSync(path, 1, 1)
  vi.mocked(createReadStream).mockClear()
  await (await Journal.open({ folder, usage, warn: expect.fail })).close()
  expect(batches.flat()).toEqual(ids)
  expect(Math.max(...batches.map(({ length }) => length))).toBeLessThan(6000)
  expect(left(folder)).toEqual([])
})
