import { expect, test } from 'vitest'
import { blocksOf } from './blocks.js'

const markdown = (...lines: string[]) => lines.join('\n')

test('a block is known by its fence, its language and its line', () => {
  expect(blocksOf('a.md', markdown('# A', '', '```ts', 'const a = 1', '```', 'text'))).toEqual([
    { at: 'a.md:3', language: 'ts', code: 'const a = 1\n' },
  ])
})

test('a comment above a block says why it is not run', () => {
  const [block] = blocksOf('a.md', markdown('<!-- run: no, it needs a key -->', '', '```ts', 'pay()', '```'))
  expect(block?.reason).toBe('it needs a key')
})

test('a continued block runs after the one before it', () => {
  const blocks = blocksOf('a.md', markdown('```ts', 'const a = 1', '```', '<!-- run: continued -->', '```ts', 'use(a)', '```'))
  expect(blocks[1]?.code).toBe('const a = 1\nuse(a)\n')
})

test('a block in a list loses its indentation', () => {
  expect(blocksOf('a.md', markdown('1. Do', '   ```sh', '   npm i leashllm', '   ```'))[0]?.code).toBe('npm i leashllm\n')
})

test('a fence of four ticks may hold one of three', () => {
  expect(blocksOf('a.md', markdown('````text', '```ts', '```', '````'))).toHaveLength(1)
})

test('a block that never ends is an error', () => {
  expect(() => blocksOf('a.md', '```ts\nconst a = 1')).toThrow('a.md:1')
})
