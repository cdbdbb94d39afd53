import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { no, pageOf, versionsIn } from '../../scripts/runtimes/page.js'
import { runtimes } from '../../scripts/runtimes/runtimes.js'

const versions = versionsIn(readFileSync('docs/runtimes.md', 'utf8'))
const alike = runtimes.map(({ name }) => ({ name, seen: { chat: 'Hello.', abort: 'APIUserAbortError' } }))

test('the page tells the version of every runtime, and what is made of it tells them again', () => {
  expect([...versions.keys()]).toEqual(runtimes.map(({ name }) => name))
  expect(versionsIn(pageOf(alike, versions))).toEqual(versions)
})

test.each([
  ['something else', { chat: 'Hello.', abort: '' }],
  ['less', { chat: 'Hello.' }],
  ['a failure', { failure: 'It broke.' }],
])('the page says no of a runtime that saw %s', (_, seen) => {
  expect(pageOf(alike, versions)).not.toContain(no)
  const page = pageOf([...alike.slice(0, -1), { name: 'workerd (Cloudflare Workers)', seen }], versions)
  expect(page.split('\n').filter((line) => line.includes(no))).toEqual([expect.stringContaining('workerd')])
})

test('the page says nothing where the runtime that the others are measured by failed', () => {
  const failed = alike.map(({ name }) => ({ name, seen: { failure: 'It broke.' } }))
  expect(() => pageOf(failed, versions)).toThrow('Node.js 24 failed')
})
