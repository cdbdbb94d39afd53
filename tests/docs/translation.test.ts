import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../helpers/source.js'

const [, reported = ''] = readFileSync(join(root, 'docs/translation.md'), 'utf8').split('\n## Everything that is reported\n')

/** What the page says in code, without the places: `….function.strict`, `metadata.…`, `tools[…]`. */
const written = new Set([...reported.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => wordsOf(code)))

const losses = globSync('src/protocols/**/*.ts', { cwd: root }).flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/\b(?:lose|drop)\(\s*(?:'([^']*)'|`([^`]*)`)/g)].map(
    ([, plain, template = '']) => ({ file, path: plain ?? template.replace(/\$\{[^}]*\}/g, '…') }),
  ),
)

/** The last member that a path names. */
function wordsOf(path: string): string[] {
  return path.match(/[A-Za-z_]+/g)?.slice(-1) ?? []
}

test('every loss that the code reports by name stands in the page', () => {
  expect(losses.length).toBeGreaterThan(100)
  const missing = losses.filter(({ path }) => wordsOf(path).some((word) => !written.has(word)))
  expect(missing.map(({ file, path }) => `${file}: ${path}`)).toEqual([])
})
