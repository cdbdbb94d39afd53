import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../helpers/source.js'
import { useCommand } from './run.js'

const leash = useCommand()
let folder = ''
beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true })
  folder = mkdtempSync(join(root, '.cache/module-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('leash module new', () => {
  test('writes a module and its test, which passes', async () => {
    const dir = join(folder, 'guards')
    const { code, stdout } = await leash(['module', 'new', 'no-codenames', '--dir', dir])
    expect([code, stdout.trim().split('\n')]).toEqual([
      0,
      ['no-codenames.ts', 'no-codenames.test.ts'].map((file) => join(dir, file)),
    ])
    const outfile = join(folder, 'no-codenames.test.mjs')
    const source = (name: string) => join(root, 'src', name)
    await build({
      entryPoints: [join(dir, 'no-codenames.test.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
      alias: {
        'leashllm/modules': source('modules/index.ts'),
        'leashllm/leash': source('leash.ts'),
        'leashllm/testing': source('testing/index.ts'),
      },
    })
    const ran = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', outfile], {
      env: { PATH: process.env.PATH ?? '' },
    })
    expect(ran.stdout).toMatch(/^# pass 2$/m)
    expect(ran.stdout).toMatch(/^# fail 0$/m)
    const written = readFileSync(join(dir, 'no-codenames.ts'), 'utf8')
    // A relay takes the default of a file, and strict compilers want each way through a function to return.
    expect(written).toMatch(/^export default noCodenamesModule$/m)
    expect(written).toContain('return length > ')
  })

  test('writes over nothing', async () => {
    const dir = join(folder, 'twice')
    await leash(['module', 'new', 'mine', '--dir', dir])
    const before = readFileSync(join(dir, 'mine.ts'), 'utf8')
    const { code, stdout, stderr } = await leash(['module', 'new', 'mine', '--dir', dir])
    expect([code, stdout + stderr]).toEqual([2, expect.stringContaining('is there already')])
    expect(readFileSync(join(dir, 'mine.ts'), 'utf8')).toBe(before)
  })

  test('leaves nothing behind where its test is there already', async () => {
    const dir = join(folder, 'half')
    mkdirSync(dir)
    writeFileSync(join(dir, 'mine.test.ts'), 'mine')
    const { code } = await leash(['module', 'new', 'mine', '--dir', dir])
    expect([code, readdirSync(dir)]).toEqual([2, ['mine.test.ts']])
  })

  test.each(['../up', 'Loud', 'a b', '1st', ''])('refuses the name %j', async (name) => {
    const dir = join(folder, 'names')
    const { code } = await leash(['module', 'new', name, '--dir', dir])
    expect(code).not.toBe(0)
    expect(readdirSync(folder)).not.toContain('names')
  })

  test('says what it can do', async () => {
    const { code, stdout, stderr } = await leash(['module', 'old', 'mine', '--dir', folder])
    expect([code, stdout + stderr]).toEqual([2, expect.stringContaining('leash module new NAME')])
  })
})
