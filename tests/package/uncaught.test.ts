import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'

const run = promisify(execFile)

test('an error that nobody catches is read at once, and not behind a screen full of code', async () => {
  const { full } = inject('packed')
  const file = join(full, 'uncaught.js')
  writeFileSync(file, `import { createLeash } from 'leashllm/leash'\ncreateLeash({ retrry: false })`)
  const { stderr } = await run(process.execPath, [file], { cwd: full }).then(
    () => expect.fail('It ran.'),
    (error) => error,
  )
  const [where, line = '', pointer] = stderr.split('\n')
  expect(where).toMatch(/leashllm\/dist\/[\w-]+\.js:\d+$/)
  expect(line.length).toBeLessThan(400)
  expect(pointer).toMatch(/^ *\^$/)
  expect(stderr).toContain('unknown option `retrry`')
})
