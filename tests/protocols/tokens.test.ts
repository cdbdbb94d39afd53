import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.js'
import { createLeash, type LedgerLine } from '../../src/leash.js'
import { lens } from '../../src/protocols/openai-chat/lens.js'
import { estimateTokens as count, counterBy, inputTokens } from '../../src/protocols/tokens.js'

const body = (...texts: string[]): JsonObject => ({ messages: texts.map((content) => ({ role: 'user', content })) })
const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('every text of a short request is counted, and its tools', () => {
  expect(inputTokens(lens, body('one two three', 'four'), count)).toBe(count('one two three') + count('four'))
  const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]
  expect(inputTokens(lens, { ...body('one'), tools }, count)).toBe(count('one') + count(JSON.stringify(tools)))
})

test('a request is counted once, whoever asks', () => {
  let counted = 0
  const counting = (text: string) => {
    counted++
    return count(text)
  }
  const request = body('one two three')
  const first = inputTokens(lens, request, counting)
  expect(inputTokens(lens, request, counting)).toBe(first)
  expect(counted).toBe(1)
  expect(inputTokens(lens, { ...request, messages: [] }, counting)).toBe(0)
})

describe('a long request', () => {
  // Words that nobody edits: where the samples fall is luck, and a page that was written anew had none.
  const prose = read('LICENSE')
  const code = read('src/transport/attempt.ts')
  const table = read('package-lock.json').slice(0, 100_000)
  const chinese = '模型的回答需要几百毫秒，重要的是一个核心能承载多少次调用。'.repeat(500)

  test.each([
    ['prose', [prose]],
    ['code', [code]],
    ['JSON', [table]],
    ['Chinese', [chinese]],
    ['one after another', [prose, chinese, code, table]],
    ['many short messages', prose.split('\n')],
  ])('of %s is estimated within a tenth of the full count', (_, texts) => {
    const full = texts.reduce((sum, text) => sum + count(text), 0)
    const estimate = inputTokens(lens, body(...texts), count)
    expect(estimate).toBeGreaterThan(0.9 * full)
    expect(estimate).toBeLessThan(1.1 * full)
  })

  test('of more than a million characters is not read through, whoever counts', () => {
    let characters = 0
    const counting = (text: string) => {
      characters += text.length
      return count(text)
    }
    inputTokens(lens, body(...Array.from({ length: 200 }, () => prose)), counting)
    expect(characters).toBeLessThan(8192)
  })
})

test.each([
  ['a promise', async () => 5],
  ['a text', () => '5'],
  ['nothing', () => undefined],
  ['no number', () => Number.NaN],
])('a counter that gives %s is refused, for by it every call would cost nothing', async (_, counter) => {
  const counting = counterBy(counter as unknown as () => number)
  await expect(counting).rejects.toThrow('[invalid_config] The function `tokens` must give the number of tokens')
})

describe("tokens: 'exact'", () => {
  /** By o200k_base: https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken */
  const known = [
    ['antidisestablishmentarianism', 6],
    ['2 + 2 = 4', 7],
    ['お誕生日おめでとう', 8],
  ] as const

  test.each(known)('%s has as many tokens as OpenAI says', async (text, tokens) => {
    expect((await counterBy('exact'))(text)).toBe(tokens)
  })

  test('what looks like a mark of the vocabulary is text in a caller’s text', async () => {
    const exact = await counterBy('exact')
    expect(exact('<|endoftext|>')).toBeGreaterThan(1)
    expect(exact('a<|im_start|>b')).toBeGreaterThan(3)
  })

  test.each([
    ['letters', Array.from({ length: 200_000 }, (_, at) => String.fromCharCode(97 + ((at * 7919) % 26))).join('')],
    ['the same letter', 'a'.repeat(200_000)],
    ['line breaks', '\n'.repeat(200_000)],
  ])(
    'a text of %s alone is counted in pieces, for its time would grow with the square of its length',
    async (_, text) => {
      const exact = await counterBy('exact')
      const [whole, short] = [exact(text), exact(text.slice(0, 400))]
      expect(whole / 500).toBeGreaterThan(short * 0.8)
      expect(whole / 500).toBeLessThan(short * 1.2)
    },
    2000,
  )

  test('counts for estimates and for the ledger, where the estimate would be another', async () => {
    const [, , [text, tokens]] = known
    expect(count(text)).not.toBe(tokens)
    const lines: LedgerLine[] = []
    const leash = createLeash({
      tokens: 'exact',
      retry: false,
      providers: { openai: { apiKey: 'k' } },
      ledger: { sink: (more) => void lines.push(...more) },
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    })
    const request = { model: 'gpt-4o', ...body(text) }
    expect(await leash.estimate(request)).toMatchObject({ inputTokens: tokens })
    const url = 'https://api.openai.com/v1/chat/completions'
    await expect(leash.fetch(url, { method: 'POST', body: JSON.stringify(request) })).rejects.toThrow()
    await leash.close()
    expect(lines).toMatchObject([{ basis: 'estimated', usage: { input: tokens } }])
  })
})
