/** What a relay tells, counts and keeps, and what it can be told, stands in the tables of its pages. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { optionsSchema } from '../../src/config/schema.js'
import { asObject, isObject } from '../../src/core/json.js'
import { policyMembers } from '../../src/policy.js'
import { relayShape } from '../../src/relay/config/config.js'
import { configSchema } from '../../src/relay/config/schema.js'
import { RelayMetrics } from '../../src/relay/metrics/relay.js'
import { operations } from '../../src/relay/openapi/document.js'
import { eventTypes } from '../../src/relay/webhooks/events.js'
import { root } from '../helpers/source.js'

const read = (file: string) => readFileSync(join(root, file), 'utf8')
const relayPages = globSync('docs/relay/*.md', { cwd: root }).map(read).join('\n')
const sources = globSync('src/relay/**/*.ts', { cwd: root }).map(read).join('\n')

/** The names in the first column of the tables with this head. */
function told(page: string, head: string): string[] {
  const tables = read(page).matchAll(new RegExp(`^\\| ${head} \\|.*\\n\\|[-| ]+\\|\\n((?:\\|.*\\n?)+)`, 'gm'))
  return [...tables].flatMap(([, rows = '']) =>
    [...rows.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    ),
  )
}

test('every metric of a relay stands in its table, and no other', () => {
  const counted = [...new RelayMetrics().text().matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  expect(told('docs/relay/metrics.md', 'metric').sort()).toEqual(counted.sort())
})

test('every action of the audit trail stands in its table, and no other', () => {
  const kept = new Set([...sources.matchAll(/action: '([a-z_]+\.[a-z_]+)'/g)].map(([, action = '']) => action))
  expect(kept.size).toBeGreaterThan(20)
  const page = told('docs/relay/audit.md', 'action')
  const isTold = (action: string) => page.includes(action) || page.includes(`${action.split('.')[0]}.*`)
  expect([...kept].filter((action) => !isTold(action))).toEqual([])
  const isKept = (name: string) => sources.includes(`'${name.replace(/\*$/, '')}`)
  expect(page.filter((name) => !isKept(name))).toEqual([])
})

test('every event stands in the table of webhooks, and no other', () => {
  expect(told('docs/relay/webhooks.md', 'event').sort()).toEqual([...eventTypes].sort())
})

test('every member of a policy stands in its table, and no other', () => {
  const members = Object.keys(policyMembers(optionsSchema.members))
  expect([...new Set(told('docs/relay/policy.md', 'member'))].sort()).toEqual(members.sort())
})

describe('the configuration of a relay', () => {
  const of = (schema: unknown): string[] => {
    const { anyOf, properties, items, additionalProperties } = asObject(schema)
    const within = [...(Array.isArray(anyOf) ? anyOf : []), items, additionalProperties].filter(isObject).flatMap(of)
    return [...within, ...Object.entries(asObject(properties)).flatMap(([name, member]) => [name, ...of(member)])]
  }

  test('has each option in its table, and no other', () => {
    expect(told('docs/relay/configuration.md', 'option').sort()).toEqual(Object.keys(relayShape.members).sort())
  })

  test('has no member that no page tells of', () => {
    const { leash, policy, ...own } = asObject(configSchema().properties)
    const members = of({ properties: own })
    expect(members).toEqual(expect.arrayContaining(['clientCa', 'perSecond', 'sessionMs']))
    expect(members.filter((name) => !new RegExp(`\\b${name}\\b`).test(relayPages))).toEqual([])
  })

  test('has each variable of its own in a page, and no page has another', () => {
    const variables = (text: string) => new Set([...text.matchAll(/\bLEASH_RELAY_[A-Z_]+[A-Z]\b/g)].map(([name]) => name))
    const everywhere = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n')
    expect([...variables(relayPages)].sort()).toEqual([...variables(everywhere)].sort())
  })
})

describe('the routes of a relay', () => {
  const shape = (path: string) => path.replace(/[?`].*$/, '').replace(/:\w+|\{\w+\}|\b\d{4}-\d\d$/g, '*')
  const routes = Object.keys(operations).map(shape)
  /** As pages write them: `GET`, `PUT /v1/…`, or with `…` in the place of what stands in the row above. */
  const named = [
    ...relayPages.matchAll(/`((?:[A-Z]+`, `)*[A-Z]+) ((?:…|\/v1\/(?:admin|gateway|control)|\/api)\/[^\s`]+)`/g),
  ].flatMap(([, verbs = '', path = '']) => (verbs.match(/[A-Z]+/g) ?? []).map((verb) => ({ verb, path: shape(path) })))
  const isAt = (route: string, { verb, path }: (typeof named)[number]) =>
    route.startsWith(`${verb} `) && (path.startsWith('…') ? route.endsWith(path.slice(1)) : route === `${verb} ${path}`)

  test('that a page names are there', () => {
    expect(named.length).toBeGreaterThan(60)
    expect(named.filter((one) => !routes.some((route) => isAt(route, one)))).toEqual([])
  })

  test('for the administration stand in a page', () => {
    const own = routes.filter((route) => /\/v1\/admin|\/api\/auth|\/gateway\/jobs/.test(route))
    expect(own.length).toBeGreaterThan(60)
    expect(own.filter((route) => !named.some((one) => isAt(route, one)))).toEqual([])
  })
})
