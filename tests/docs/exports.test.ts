/** Whatever a program can import stands in a page. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../helpers/source.js'

const text = globSync(['README.md', 'docs/**/*.md'], { cwd: root })
  .map((page) => readFileSync(join(root, page), 'utf8'))
  .join('\n')

const entries = {
  leashllm: import('leashllm'),
  'leashllm/leash': import('leashllm/leash'),
  'leashllm/langchain': import('leashllm/langchain'),
  'leashllm/ai-sdk': import('leashllm/ai-sdk'),
  'leashllm/modules': import('leashllm/modules'),
  'leashllm/express': import('leashllm/express'),
  'leashllm/relay': import('leashllm/relay'),
  'leashllm/stores': import('leashllm/stores'),
  'leashllm/testing': import('leashllm/testing'),
}

test('every entry of the package is looked at', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const all = Object.keys(exports).filter((path) => !path.endsWith('.json'))
  expect(Object.keys(entries).sort()).toEqual(all.map((path) => path.replace(/^\./, 'leashllm')).sort())
})

test.each(Object.entries(entries))('what %s exports is told', async (_, entry) => {
  const names = Object.keys(await entry)
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b[\\s\`({,}]`).test(text))).toEqual([])
})
