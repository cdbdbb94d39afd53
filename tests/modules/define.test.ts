import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createLeash } from '../../src/leash.js'
import { block, defineModule, type When } from '../../src/modules/index.js'
import { parseRange, satisfies } from '../../src/modules/versions.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()

describe('a definition', () => {
  test.each([
    [{ kind: 'policy' }, /`name`/],
    [{ name: 'a', kind: 'watcher' }, /`kind` is one of inspector, policy, transformer, sink/],
    [{ name: 'a', kind: 'policy', timout: 5 }, /unknown member `timout`/],
    [{ name: 'a', kind: 'policy', version: 'one' }, /`version`/],
    [{ name: 'a', kind: 'policy', timeout: 0 }, /`timeout`/],
    [{ name: 'a', kind: 'policy', holdBack: 1e9 }, /`holdBack` is from 0 to 10000/],
    [{ name: 'a', kind: 'policy', request: 'no' }, /`request` is a function/],
    [{ name: 'a', kind: 'sink', request: () => undefined }, /a sink/],
    [{ name: 'a', kind: 'policy', when: { modle: 'x' } }, /`when\.modle` is no condition/],
    [{ name: 'a', kind: 'policy', when: { model: { like: 'x' } } }, /`when\.model\.like` is no operator/],
    [{ name: 'a', kind: 'policy', when: { model: { in: 'x' } } }, /`when\.model\.in` is a list/],
    [{ name: 'a', kind: 'policy', when: { model: { in: [1] } } }, /`when\.model\.in` is a list/],
    [{ name: 'a', kind: 'policy', when: { model: { regex: 1 } } }, /`when\.model\.regex` is a string/],
    [{ name: 'a', kind: 'policy', when: { model: 1 } }, /`when\.model` is a string, or a record/],
    [{ name: 'a', kind: 'policy', when: { tags: 'x' } }, /`when\.tags` is a record/],
    [{ name: 'a', kind: 'policy', when: { tags: { team: { is: 'x' } } } }, /`when\.tags\.team\.is` is no operator/],
    [{ name: 'a', kind: 'policy', when: [{ model: 'x' }, { modle: 'x' }] }, /`when\.1\.modle` is no condition/],
    [{ name: 'a', kind: 'policy', when: 'x' }, /`when` is a condition/],
    [{ name: 'a', kind: 'policy', dependencies: { b: 'latest' } }, /`dependencies\.b`/],
    [{ name: 'a', kind: 'policy', options: {} }, /`options` is a schema/],
    [undefined, /A module is an object/],
  ])('that is wrong says what: %o', (definition, message) => {
    expect(() => defineModule(definition as never)).toThrow(message)
  })
})

describe('options', () => {
  const limit = defineModule({
    name: 'limit',
    kind: 'policy',
    options: z.object({ most: z.number().int().positive().default(100) }),
    request: ({ texts }, { options }) =>
      texts.some(({ text }) => text.length > options.most) ? block(`At most ${options.most} characters.`) : undefined,
  })

  test('are checked by the schema, which fills in what is left out', async () => {
    expect(limit({}).settings).toEqual({ most: 100 })
    expect(() => limit({ most: -1 })).toThrow(/options of the module "limit": `most`/)
    const leash = createLeash({ providers: mockProviders(mock.url), modules: [limit({ most: 3 })] })
    const ask = (content: string) =>
      leash.fetch(`${mock.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer mock' },
        body: JSON.stringify({ model: 'gpt-4.1', messages: [{ role: 'user', content }] }),
      })
    expect((await ask('hi')).status).toBe(200)
    expect(await (await ask('hello')).text()).toContain('At most 3 characters.')
  })

  test('that take a while to check are refused', () => {
    const slow = defineModule({ name: 'slow', kind: 'sink', options: z.string().refine(async () => true) })
    expect(() => slow('x')).toThrow(/cannot be checked at once|async/i)
  })
})

describe('conditions', () => {
  const leashFor = (when: When) =>
    createLeash({
      providers: mockProviders(mock.url),
      modules: [defineModule({ name: 'no', kind: 'policy', when, request: () => block('no') })],
    })

  async function applies(when: When): Promise<boolean> {
    const { LeashLLM } = await import('../../src/index.js')
    const client = new LeashLLM({
      apiKey: 'mock',
      baseURL: `${mock.url}/v1`,
      modules: [defineModule({ name: 'no', kind: 'policy', when, request: () => block('no') })],
    })
    const body = { model: 'gpt-4.1', messages: [{ role: 'user' as const, content: 'hi' }] }
    const options = { headers: { 'X-Team': 'blue' }, leash: { tenant: 'acme', tags: { purpose: 'docs' } } }
    return client.chat.completions.create(body, options).then(
      () => false,
      (error) => error.code === 'policy_blocked',
    )
  }

  test.each<[When, boolean]>([
    [{ tenant: 'acme' }, true],
    [{ tenant: { ne: 'acme' } }, false],
    [{ tenant: { in: ['a', 'acme'] } }, true],
    [{ tenant: { not_in: ['a', 'acme'] } }, false],
    [{ tenant: { regex: '^ac' } }, true],
    [{ user: 'bob' }, false],
    [{ user: { ne: 'bob' } }, true],
    [{ user: { not_in: ['bob'] } }, true],
    [{ user: { regex: '.*' } }, false],
    [{ provider: 'openai', model: { regex: '^gpt-4' } }, true],
    [{ provider: 'openai', model: 'gpt-5' }, false],
    [{ tags: { purpose: 'docs' } }, true],
    [{ tags: { purpose: 'docs', missing: 'x' } }, false],
    [{ headers: { 'x-team': { in: ['blue'] } } }, true],
    [{ headers: { 'X-Team': 'blue', 'x-none': { not_in: ['blue'] } } }, true],
    [{ user: { in: ['bob'] } }, false],
    [{ protocol: 'gemini' }, false],
    [[{ tenant: 'other' }, { tenant: 'acme' }], true],
    [[], false],
    [({ tags }) => tags.purpose === 'docs', true],
    [{ tenant: { regex: '^ac', ne: 'acme' } }, false],
  ])('%o', async (when, expected) => {
    expect(await applies(when)).toBe(expected)
  })

  test('a pattern that would run for ever elsewhere does not here', async () => {
    const started = leashFor({ tenant: { regex: '^(a+)+$' } })
    expect(await started.modules.list()).toMatchObject([{ state: 'ready' }])
    expect(await leashFor({ tenant: { regex: '(?=x)' } }).modules.list()).toMatchObject([
      { state: 'failed', lastError: { message: expect.stringContaining('RE2') } },
    ])
  })
})

test.each([
  ['1.2.3', '*', true],
  ['1.2.3', '1.2.3', true],
  ['1.2.3', '1.2.4', false],
  ['1.9.0', '^1.2.3', true],
  ['2.0.0', '^1.2.3', false],
  ['0.2.9', '^0.2.3', true],
  ['0.3.0', '^0.2.3', false],
  ['0.0.4', '^0.0.3', false],
  ['1.2.9', '~1.2.3', true],
  ['1.3.0', '~1.2.3', false],
  ['3.0.0', '>=1.2.3', true],
  ['1.2.2', '>=1.2.3', false],
])('%s satisfies %s: %s', (version, range, expected) => {
  expect(parseRange(range)).toBeDefined()
  expect(satisfies(version, range)).toBe(expected)
})
