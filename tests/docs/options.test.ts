/** Every option stands in the documentation: in the table of all of them, and what it is made of in the page that it leads to. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkOptions } from '../../src/config/schema.js'
import { isLeashError } from '../../src/core/errors.js'
import { root } from '../helpers/source.js'

const path = 'docs/configuration.md'
const page = readFileSync(join(root, path), 'utf8')
const [before = '', ofOneCall = '', events = ''] = page.split(/^## (?:Options of one call|Events)$/m)

/** What stands in the first column, and the whole row. */
const rows = (text: string) =>
  [...text.matchAll(/^\| (`[^|]+) \|.*$/gm)].flatMap(([row, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ name, row })),
  )

/** The shape tells its members to whoever mistypes one. */
function membersOf(mistyped: unknown): string[] {
  try {
    checkOptions(mistyped)
  } catch (error) {
    if (isLeashError(error)) return /\(known: ([^)]*)\)/.exec(error.message)?.[1]?.split(', ') ?? []
  }
  return []
}

const typo = { noSuchOption: 1 }
const options = membersOf(typo).map((name) => ({
  name,
  members: [...new Set([typo, [typo]].flatMap((value) => membersOf({ [name]: value })))],
}))

describe('the options of a leash', () => {
  test('are read off their schema', () => {
    expect(options.map(({ name }) => name)).toEqual(expect.arrayContaining(['providers', 'hedge', 'maxBodyBytes']))
    expect(options.find(({ name }) => name === 'concurrency')?.members).toEqual(['total', 'tenant', 'provider', 'queue'])
    expect(options.find(({ name }) => name === 'rateLimit')?.members).toContain('waitMs')
  })

  test('stand in the table once each, and nothing else does', () => {
    expect(
      rows(before)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(options.map(({ name }) => name).sort())
  })

  test.each(options.filter(({ members }) => members.length > 0))(
    'what $name is made of is told in its page',
    ({ name, members }) => {
      const row = rows(before).find((row) => row.name === name)?.row ?? ''
      const pages = [...row.matchAll(/\]\(([^)#]+\.md)/g)].map(([, link = '']) =>
        readFileSync(join(root, dirname(path), link), 'utf8'),
      )
      const untold = members.filter((member) => ![row, ...pages].some((text) => new RegExp(`\\b${member}\\b`).test(text)))
      expect(untold).toEqual([])
    },
  )
})

/** Members of an interface that stand on lines of their own. */
function declared(file: string, name: string): string[] {
  const [, body = ''] =
    new RegExp(`^export interface ${name} \\{\\n(.*?)^\\}`, 'ms').exec(readFileSync(join(root, file), 'utf8')) ?? []
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member = '']) => member)
}

test('the options of one call stand in their table once each, and nothing else does', () => {
  const all = declared('src/core/call.ts', 'CallOptions')
  expect(all).toEqual(expect.arrayContaining(['tags', 'hedge']))
  expect(
    rows(ofOneCall)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(all.sort())
})

test('the events stand in their table once each, and nothing else does', () => {
  const all = declared('src/core/emitter.ts', 'LeashEvents')
  expect(all).toEqual(expect.arrayContaining(['attempt', 'warning']))
  expect(
    rows(events)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(all.sort())
})
