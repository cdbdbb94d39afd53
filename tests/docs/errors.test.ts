import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorStatus } from '../../src/core/errors.js'
import { root } from '../helpers/source.js'

const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')

/** The rows of the three tables of codes. */
const rows = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \| ([^|]+) \|/gm)].map(([, code = '', status = '', when = '']) => ({
  code,
  status: Number(status),
  when,
}))

const sources = globSync('src/**/*.ts', { cwd: root, exclude: ['src/core/errors.ts', 'src/testing/**'] }).map((file) =>
  readFileSync(join(root, file), 'utf8'),
)

test('every code stands in the page once, with its status', () => {
  expect(rows).toHaveLength(Object.keys(errorStatus).length)
  expect(Object.fromEntries(rows.map(({ code, status }) => [code, status]))).toEqual(errorStatus)
})

test('a code is called reserved as long as nothing raises it', () => {
  const reserved = rows.filter(({ when }) => when === 'reserved').map(({ code }) => code)
  const unraised = Object.keys(errorStatus).filter((code) => !sources.some((source) => source.includes(`'${code}'`)))
  expect(reserved.sort()).toEqual(unraised.sort())
})
