/** The same types against the older major of OpenAI's SDK that we support. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the types of client and leash hold with openai 6', { timeout: 120_000 }, async () => {
  const project = mkdtempSync(join(tmpdir(), 'leashllm-types-'))
  const packages = join(root, 'node_modules')
  mkdirSync(join(project, 'node_modules'))
  for (const name of readdirSync(packages)) {
    if (name !== 'openai' && !name.startsWith('.')) symlinkSync(join(packages, name), join(project, 'node_modules', name))
  }
  symlinkSync(join(packages, 'openai-6'), join(project, 'node_modules/openai'))
  for (const name of ['src', 'tests', 'package.json']) symlinkSync(join(root, name), join(project, name))
  const compilerOptions = {
    preserveSymlinks: true,
    typeRoots: [join(packages, '@types')],
    paths: { leashllm: ['./src/index.ts'], 'leashllm/leash': ['./src/leash.ts'] },
  }
  const files = ['tests/types/client.test.ts', 'tests/types/leash.test.ts']
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  )
  const run = promisify(execFile)(join(packages, '.bin/tsc'), ['-p', project]).catch((error: { stdout: string }) => error)
  const { stdout } = await run
  rmSync(project, { recursive: true })
  expect(stdout).toBe('')
})
