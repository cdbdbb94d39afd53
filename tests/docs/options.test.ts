/** Every option stands in the documentation: in the table of all of them, and what it is made of in the page that it leads to. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkOptions } from '../../src/config/schema.js'
import { isLeashError } from '../../src/core/errors.js'
import { root } from '../helpers/source.js'

const path = 'docs/configuration.md'
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const [before = '', ofOneCall = '', events = ''] = read(path).split(/^## (?:Options of one call|Events)$/m)

/** What stands in the first column, and the whole row. */
const rows = (table: string) =>
  [...table.matchAll(/^\| (`[^|]+) \|.*$/gm)].flatMap(([row, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ name, row })),
  )

const told = (table: string) =>
  rows(table)
    .map(({ name }) => name)
    .sort()

/** The shape tells its members to whoever mistypes one. */
function known(mistyped: unknown): string[] {
  try {
    checkOptions(mistyped)
  } catch (error) {
    if (isLeashError(error)) return /\(known: ([^)]*)\)/.exec(error.message)?.[1]?.split(', ') ?? []
  }
  return []
}

const typo = { noSuchOption: 1 }
const options = known(typo)
/** Also of the items of a list. */
const membersOf = (option: string) => [...new Set([typo, [typo]].flatMap((value) => known({ [option]: value })))]

describe('the options of a leash', () => {
  test('are read off their schema', () => {
    expect(options).toEqual(expect.arrayContaining(['providers', 'hedge', 'maxBodyBytes']))
    expect(membersOf('concurrency')).toEqual(['total', 'tenant', 'provider', 'queue'])
    expect(membersOf('rateLimit')).toContain('waitMs')
  })

  test('stand in the table once each, and nothing else does', () => {
    expect(told(before)).toEqual([...options].sort())
  })

  test.each(options)('what %s is made of is told in its page', (name) => {
    const { row = '' } = rows(before).find((row) => row.name === name) ?? {}
    const pages = [...row.matchAll(/\]\(([^)#]+\.md)/g)].map(([, link = '']) => read(join(dirname(path), link)))
    const says = (member: string) => [row, ...pages].some((text) => new RegExp(`\\b${member}\\b`).test(text))
    const untold = membersOf(name).filter((member) => !says(member))
    expect(untold).toEqual([])
  })
})

/** Members of an interface that stand on lines of their own. */
function declared(file: string, name: string): string[] {
  const [, body = ''] = new RegExp(`^export interface ${name} \\{\\n(.*?)^\\}`, 'ms').exec(read(file)) ?? []
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member = '']) => member)
}

test('the options of one call stand in their table once each, and nothing else does', () => {
  const all = declared('src/core/call.ts', 'CallOptions')
  expect(all).toEqual(expect.arrayContaining(['tags', 'hedge']))
  expect(told(ofOneCall)).toEqual(all.sort())
})

test('the events stand in their table once each, and nothing else does', () => {
  const all = declared('src/core/emitter.ts', 'LeashEvents')
  expect(all).toEqual(expect.arrayContaining(['attempt', 'warning']))
  expect(told(events)).toEqual(all.sort())
})

test.each(['Report', 'Attempt'])(
  'the members of the %s of a call stand in their table once each, and nothing else does',
  (name) => {
    const [, table = ''] = read('docs/observability.md').split(`| member of ${name === 'Report' ? 'a report' : 'an attempt'} |`)
    const [own = ''] = table.split('\n\n')
    const all = declared('src/core/call.ts', name)
    expect(all).toEqual(expect.arrayContaining(['provider', 'cost']))
    expect(told(own)).toEqual(all.sort())
  },
)

test.each([
  ['src/core/ledger.ts', 'LedgerLine'],
  ['src/ledger/fold.ts', 'UsageRow'],
])('the members of %s, %s, stand in the page of the ledger', (file, name) => {
  const page = read('docs/ledger.md')
  const all = declared(file, name)
  expect(all).toEqual(expect.arrayContaining(['cost', 'saved']))
  expect(all.filter((member) => !page.includes(`\`${member}\``))).toEqual([])
})
