import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLeash } from '../../src/leash.js'
import { openai } from '../../src/providers/openai.js'
import { secretFile } from '../../src/providers/secret-file.js'
import { useMock } from '../helpers/mock.js'
import { bare, wire } from './upstream.js'

const mock = useMock()

let folder: string
let path: string
let clock: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leash-secret-'))
  path = join(folder, 'key')
  clock = 10_000
  vi.spyOn(performance, 'now').mockImplementation(() => clock)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.doUnmock('node:fs/promises')
  rmSync(folder, { recursive: true })
})

let minute = 0
/** Each writing has a time of its own, however coarse the file system's clock is. */
function write(text: string, file = path): void {
  writeFileSync(file, text)
  minute++
  utimesSync(file, minute * 60, minute * 60)
}

describe('a key in a file', () => {
  test('is read without the line break at its end', async () => {
    write('sk-one\n')
    expect(await secretFile(path)()).toBe('sk-one')
  })

  test('is read again when the file has changed, a second later at most', async () => {
    const read = secretFile(path)
    write('sk-one')
    expect(await read()).toBe('sk-one')
    write('sk-two')
    clock += 999
    expect(await read()).toBe('sk-one')
    clock += 1
    expect(await read()).toBe('sk-two')
  })

  test('follows a link that is turned to another file, as Kubernetes does it', async () => {
    write('sk-one', join(folder, 'v1'))
    write('sk-two', join(folder, 'v2'))
    symlinkSync(join(folder, 'v1'), path)
    const read = secretFile(path)
    expect(await read()).toBe('sk-one')
    symlinkSync(join(folder, 'v2'), join(folder, 'next'))
    renameSync(join(folder, 'next'), path)
    clock += 1000
    expect(await read()).toBe('sk-two')
  })

  test('stays in use while the file is gone, or empty, or cannot be read', async () => {
    const read = secretFile(path)
    write('sk-one')
    expect(await read()).toBe('sk-one')
    rmSync(path)
    clock += 1000
    expect(await read()).toBe('sk-one')
    write('')
    clock += 1000
    expect(await read()).toBe('sk-one')
    write('sk-two')
    clock += 1000
    expect(await read()).toBe('sk-two')
  })

  test('that was never there is missed, and found when it comes', async () => {
    const provider = openai({ apiKey: secretFile(path), env: bare })
    const ask = async () => (await provider.prepare(wire({ protocol: 'openai-chat', model: 'm' }))).headers.authorization
    await expect(ask()).rejects.toMatchObject({
      code: 'missing_key',
      message: expect.stringMatching(/secretFile\(\) cannot read ".*key" \(ENOENT\)\. Check that/),
    })
    write('sk-one')
    expect(await ask()).toBe('Bearer sk-one')
  })

  test('that is empty is missed', async () => {
    write(' \n')
    const provider = openai({ apiKey: secretFile(path), env: bare })
    await expect(provider.prepare(wire({ protocol: 'openai-chat', model: 'm' }))).rejects.toMatchObject({ code: 'missing_key' })
  })

  test('is replaced in a running pool, where the vendor refuses the old one', async () => {
    write('sk-revoked')
    const leash = createLeash({
      providers: { openai: { baseURL: `${mock.url}/v1`, apiKey: [{ key: secretFile(path), name: 'file' }, 'sk-other'] } },
      retry: { backoff: () => 0 },
    })
    const ask = async () => {
      const body = JSON.stringify({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
      return (await leash.handle(new Request('http://leash/v1/chat/completions', { method: 'POST', body }))).status
    }
    mock.script({ when: ({ headers }) => headers.authorization === 'Bearer sk-revoked', status: 401 })
    const statuses: number[] = []
    for (let call = 0; call < 5; call++) statuses.push(await ask())
    write('sk-fresh')
    clock += 1000
    for (let call = 0; call < 5; call++) statuses.push(await ask())
    expect(statuses).toEqual(Array(10).fill(200))
    const keys = mock.requests.map(({ headers }) => headers.authorization)
    expect(keys.filter((key) => key === 'Bearer sk-revoked')).toHaveLength(1)
    expect(keys).toContain('Bearer sk-fresh')
  })
})

/** The same over another file system. */
async function over(fileSystem: () => object): Promise<typeof secretFile> {
  vi.doMock('node:fs/promises', fileSystem)
  vi.resetModules()
  return (await import('../../src/providers/secret-file.js')).secretFile
}

test('the file is looked at once for calls that come together, and read once while it does not change', async () => {
  const stat = vi.fn(async () => ({ mtimeMs: 1, size: 6, ino: 1 }))
  const readFile = vi.fn(async () => 'sk-one')
  const read = (await over(() => ({ stat, readFile })))('/run/secrets/openai')
  for (let second = 1; second <= 3; second++) {
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => read())))).toEqual(new Set(['sk-one']))
    expect(stat).toHaveBeenCalledTimes(second)
    clock += 1000
  }
  expect(readFile).toHaveBeenCalledTimes(1)
})

test('a runtime without a file system is told so', async () => {
  const secretFile = await over(() => {
    throw new Error('No such module "node:fs/promises".')
  })
  await expect(secretFile('/run/secrets/openai')()).rejects.toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining('Pass a function'),
  })
})
