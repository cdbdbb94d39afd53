/** Every configuration and policy that a reader may copy is one that the relay takes. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readAs } from '../../src/config/read-as.js'
import { asObject, isObject } from '../../src/core/json.js'
import { checkPolicy } from '../../src/policy.js'
import { checkRelayOptions, relayShape } from '../../src/relay/config/config.js'
import { root } from '../helpers/source.js'
import { blocksOf } from './blocks.js'

const pages = globSync(['README.md', 'docs/**/*.md'], { cwd: root }).sort()
const blocks = pages.flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')))

/** What a file would say. */
function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled)
  if (!isObject(value)) return value
  if (typeof value.file === 'string' && Object.keys(value).length === 1) return 'what stands in the file'
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filled(member)]))
}

/** Of the program that it is for, by its first member. */
const isOfOthers = (text: string) => 'scrape_configs' in asObject(parse(text))

test.each(blocks.filter(({ language, code }) => language === 'yaml' && !isOfOthers(code)))(
  '$at is a configuration',
  ({ code }) => {
    expect(() => checkRelayOptions(readAs(asObject(filled(parse(code))), relayShape))).not.toThrow()
  },
)

const policies = blocks.flatMap(({ at, language, code }) =>
  language === 'sh'
    ? [...code.matchAll(/\/policy \\[^']*(?:'[^']*'[^']*)*?-d '([^']*)'/g)].map(([, policy = '']) => ({ at, policy }))
    : [],
)

test.each(policies)('$at sets a policy', ({ policy }) => {
  expect(() => checkPolicy(JSON.parse(policy))).not.toThrow()
})
