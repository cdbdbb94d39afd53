/** Modules that a configuration names by their files. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLeash, type LeashOptions } from '../../src/leash.js'
import { loadModule, type ModuleFile } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'

const mock = useMock()
const folder = fileURLToPath(new URL('../fixtures/modules', import.meta.url))
const integrityOf = (path: string, algorithm = 'sha256') =>
  `${algorithm}-${createHash(algorithm).update(readFileSync(path)).digest('base64')}`
const moduleFile = (file: string, options?: unknown): ModuleFile => ({
  file,
  folder,
  integrity: integrityOf(join(folder, file)),
  ...(options !== undefined && { options }),
})
const statusOf = async (text: string, modules: LeashOptions['modules']) => {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, ...(modules && { modules }) })
  const response = await send(leash, 'fetch', mock.url, asks[0]?.request(text, false) ?? { path: '', body: {} })
  const said = await response.text()
  await leash.close()
  return { status: response.status, said }
}

test('a leash runs what a file exports, made with the options that stand beside it', async () => {
  const modules = [moduleFile('no-codenames.js'), moduleFile('limit.js', { most: 30 })]
  expect((await statusOf('fine', modules)).status).toBe(200)
  expect((await statusOf('about Bluebird', modules)).said).toContain('No codenames.')
  expect((await statusOf('x'.repeat(40), modules)).said).toContain('At most 30 characters.')
})

test.each(['sha384', 'sha512'])('%s will do too', async (algorithm) => {
  const file = 'no-codenames.js'
  const module = await loadModule({ file, folder, integrity: integrityOf(join(folder, file), algorithm) })
  expect(module.name).toBe('no-codenames')
})

test('the module that is loaded can take the place of another', async () => {
  const leash = createLeash({ modules: [moduleFile('limit.js', { most: 30 })] })
  await leash.modules.replace('limit', await loadModule(moduleFile('limit.js', { most: 10 })))
  expect(await leash.modules.list()).toMatchObject([{ name: 'limit', state: 'ready' }])
  await leash.close()
})

describe('with a file that is not what was meant', () => {
  let outside: string
  beforeAll(() => {
    outside = mkdtempSync(join(tmpdir(), 'leash-'))
    writeFileSync(join(outside, 'other.js'), 'export default {}')
  })
  afterAll(() => rmSync(outside, { recursive: true }))

  test.each([
    [
      'of another content',
      () => ({ ...moduleFile('no-codenames.js'), integrity: 'sha256-abcd' }),
      /is not the one that was meant/,
    ],
    ['without a hash', () => ({ ...moduleFile('no-codenames.js'), integrity: '' }), /needs an `integrity`/],
    ['of a weak hash', () => ({ ...moduleFile('no-codenames.js'), integrity: 'md5-abcd' }), /needs an `integrity`/],
    ['that is not there', () => ({ ...moduleFile('limit.js'), file: 'nothing.js' }), /is not in/],
    ['in the folder above', () => ({ ...moduleFile('limit.js'), file: '../pii/own.txt' }), /is not in/],
    ['somewhere else', () => ({ ...moduleFile('limit.js'), file: join(outside, 'other.js') }), /is not in/],
    ['that is the folder', () => ({ ...moduleFile('limit.js'), file: '.' }), /is not in/],
    ['that exports no module', () => moduleFile('none.js'), /exports no module/],
    ['that throws', () => moduleFile('throws.js'), /cannot be loaded \(Error\)/],
    ['that takes no options', () => moduleFile('no-codenames.js', { most: 3 }), /takes no `options`/],
    ['that takes other options', () => moduleFile('limit.js', { most: 'many' }), /options of the module "limit"/],
  ] as const)('%s, nothing is loaded and no call goes out', async (_, given, message) => {
    await expect(loadModule(given())).rejects.toMatchObject({ code: 'invalid_config', message: expect.stringMatching(message) })
    const { status, said } = await statusOf('hello', [given()])
    expect(status).toBe(400)
    expect(said).not.toContain('my secret')
    expect(mock.requests).toEqual([])
  })

  test('that a link leads out to, nothing is loaded', async () => {
    const inside = mkdtempSync(join(tmpdir(), 'leash-'))
    symlinkSync(join(outside, 'other.js'), join(inside, 'link.js'))
    const given = { file: 'link.js', folder: inside, integrity: integrityOf(join(outside, 'other.js')) }
    await expect(loadModule(given)).rejects.toThrow(/is not in/)
    rmSync(inside, { recursive: true })
  })
})

test('what is neither a module nor a file is refused where the leash is made', () => {
  for (const wrong of [{}, { file: 'a.js' }, { integrity: 'sha256-a' }])
    expect(() => createLeash({ modules: [wrong as unknown as ModuleFile] })).toThrow(/modules/)
})
