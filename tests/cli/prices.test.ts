import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useCommand } from './run.js'

const leash = useCommand()
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'leash-prices-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(prices: unknown): string {
  const path = join(folder, 'prices.json')
  writeFileSync(path, JSON.stringify(prices))
  return path
}

describe('leash prices', () => {
  test('lists what well-known models cost, with their steps of length', async () => {
    const { code, stdout, stderr } = await leash(['prices'])
    expect([code, stderr]).toEqual([0, 'US dollars for a million tokens, and the day on which the price was read.\n'])
    expect(stdout).toMatch(/^openai\/gpt-4o +2\.5 +1\.25 +2\.5 +10 +\d{4}-\d\d-\d\d$/m)
    expect(stdout).toMatch(/^google\/gemini-2\.5-pro .+\n {2}from 200,001 tokens in +2\.5 +0\.25 +2\.5 +15$/m)
    expect(stdout).toMatch(/^google\/gemini-flash-latest +unknown$/m)
  })

  test('tells those that are asked for, by name alone too', async () => {
    const { stdout } = await leash(['prices', 'gpt-4o-mini', 'groq/openai/gpt-oss-20b', 'ollama/llama3'])
    expect(
      stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ +/)[0]),
    ).toEqual(['openai/gpt-4o-mini', 'groq/openai/gpt-oss-20b', 'ollama/llama3'])
  })

  test('--json prints them for programs, in dollars, every tier', async () => {
    const { stdout } = await leash(['prices', 'gpt-5.2', 'ollama/llama3', '--json'])
    expect(JSON.parse(stdout)).toEqual([
      {
        model: 'openai/gpt-5.2',
        price: {
          currency: 'USD',
          source: 'genai-prices',
          date: expect.any(String),
          version: expect.stringContaining('genai-prices@'),
          search: 0.01,
          fileSearch: 0.0025,
          tiers: {
            standard: [
              {
                from: 0,
                input: 1.75,
                cacheRead: 0.175,
                cacheWrite: 1.75,
                cacheWrite1h: 1.75,
                audioInput: 1.75,
                output: 14,
                reasoning: 14,
                audioOutput: 14,
              },
            ],
            batch: [expect.objectContaining({ input: 0.875, cacheRead: 0.0875 })],
            flex: [expect.objectContaining({ output: 7 })],
            ...{ priority: [expect.objectContaining({ output: 28 })], fast: [expect.objectContaining({ output: 28 })] },
          },
        },
      },
      { model: 'ollama/llama3', price: null },
    ])
  })

  test('--file lays prices of your own over them', async () => {
    const { stdout } = await leash(['prices', 'ollama/llama3', '--file', file({ 'ollama/*': { input: 0, output: 0.5 } })])
    expect(stdout).toMatch(/^ollama\/llama3 +0 +0 +0 +0\.5$/m)
  })

  test('--file prices models of a provider under a name of your own', async () => {
    const own = file({ 'acme/*': { input: 1, output: 2, date: '2020-01-01' } })
    expect((await leash(['prices', 'acme/org/large', '--file', own])).stdout).toMatch(/^acme\/org\/large +1 +1 +1 +2 /m)
    const checked = await leash(['prices', 'check', 'acme/org/large', '--file', own])
    expect([checked.code, checked.stdout]).toEqual([1, 'stale  acme/org/large  read on 2020-01-01\n'])
  })

  test.each([
    [['prices', 'acme/large'], 2, 'Write it as "provider/model", or price it in --file.'],
    [['prices', 'zzz'], 2, 'No provider is known for "zzz"'],
    [['prices', '--file', '/nowhere/prices.json'], 2, 'The price file /nowhere/prices.json cannot be read.'],
    [['prices', 'check', '--max-age', 'soon'], 2, '"soon" is no number of days'],
    [
      ['prices', '--refresh', '--from', 'http://127.0.0.1:1/data.json'],
      1,
      'could not be fetched from http://127.0.0.1:1/data.json',
    ],
  ])('%j fails with %i', async (args, code, message) => {
    const ran = await leash(args)
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(message)])
  })

  test('--refresh takes the numbers of an address', async () => {
    const prices = { input_mtok: 77, output_mtok: 99 }
    const data = [
      { id: 'openai', name: 'OpenAI', api_pattern: 'x', models: [{ id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices }] },
    ]
    const server = createServer((_, response) => response.end(JSON.stringify(data)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { stdout } = await leash(['prices', 'gpt-4o', '--refresh', '--from', `http://127.0.0.1:${port}/data.json`])
    await new Promise((resolve) => server.close(resolve))
    expect(stdout).toMatch(/^openai\/gpt-4o +77 +77 +77 +99 /m)
  })
})

describe('leash prices check', () => {
  test('fails when a price is missing, and names it', async () => {
    const { code, stdout, stderr } = await leash(['prices', 'check', '--max-age', '100000', 'gpt-4o', 'ollama/llama3'])
    expect([code, stdout, stderr]).toEqual([1, 'missing  ollama/llama3\n', '2 checked, 1 missing, 0 older than 100000 days.\n'])
  })

  test('tells of well-known models without a price, and does not fail: nobody may be using them', async () => {
    const { code, stdout } = await leash(['prices', 'check', '--max-age', '100000'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^missing /m)])
  })

  test('fails when a price is older than it may be', async () => {
    const own = file({ 'x/old': { input: 1, output: 1, date: '2020-01-01' }, 'x/new': { input: 1, output: 1 } })
    const { code, stdout } = await leash(['prices', 'check', 'openai/gpt-4o', '--max-age', '0'])
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^stale {2}openai\/gpt-4o {2}read on \d{4}-\d\d-\d\d\n$/)])
    const json = await leash(['prices', 'check', '--file', own, '--max-age', '100000', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      maxAgeDays: 100_000,
      stale: [],
      missing: expect.arrayContaining(['google/gemini-flash-latest']),
    })
  })

  test('passes when every price is there and fresh; one of your own without a day is never stale', async () => {
    const own = file({ 'ollama/*': { input: 0, output: 0 } })
    const { code, stdout } = await leash(['prices', 'check', 'ollama/llama3', '--file', own, '--max-age', '0'])
    expect([code, stdout]).toEqual([0, ''])
  })
})
