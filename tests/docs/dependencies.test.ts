import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../helpers/source.js'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const page = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
/** The names in the first column of the tables. */
const justified = [...page.matchAll(/^\| (`[^|]+)/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
)

test('every dependency is justified, and nothing else is', () => {
  const all = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies })
  expect([...new Set(justified)].sort()).toEqual(all.sort())
})
