/** Every layer has its page, its tests and its example. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../helpers/source.js'

/** Every call has them, and so every example shows them; the programs in their pages are run as examples are. */
const withoutExample = ['retry', 'timeout']

const exists = (file: string) => existsSync(join(root, file))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pageOf = (layer: string) => `docs/middleware/${layer}.md`

/** A file beside them that gives no `Middleware` is a part of one. */
const layers = globSync('src/middleware/*.ts', { cwd: root })
  .filter((file) => /\): Middleware \{|readonly middleware: Middleware\b/.test(read(file)))
  .map((file) => basename(file, '.ts'))
  .sort()

test('the layers are found', () => {
  expect(layers).toEqual(expect.arrayContaining(['retry', 'hedge', 'mirror', 'route', 'pace']))
})

describe.each(layers)('%s', (layer) => {
  test('has its page', () => {
    expect(exists(pageOf(layer))).toBe(true)
  })

  test('has its tests', () => {
    expect(exists(`tests/middleware/${layer}.test.ts`)).toBe(true)
  })

  test.skipIf(withoutExample.includes(layer))('has its example', () => {
    expect(exists(`examples/${layer}.ts`)).toBe(true)
  })

  test('is in the list of layers, and in the order of the stack', () => {
    expect(read('docs/middleware/index.md')).toContain(`](${layer}.md)`)
    expect(read('docs/stack.md')).toMatch(new RegExp(`─ ${layer.replaceAll('-', ' ')}  `))
  })
})
