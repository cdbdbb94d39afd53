import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'

const { full } = inject('packed')
const folder = join(full, 'node_modules/leashllm')
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const bin = join(folder, manifest.bin.leash)

test('the command starts from the tarball and says what it can do', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [bin, '--help'], {
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
  })
  expect(stdout).toContain('leash')
})

test('the command can be started by its name', () => {
  expect(readFileSync(bin, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})
