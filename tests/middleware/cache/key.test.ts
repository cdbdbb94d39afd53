import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Call, CallOptions, Here } from '../../../src/core/call.js'
import type { JsonObject } from '../../../src/core/json.js'
import { canonical, ignoredBy } from '../../../src/middleware/cache/canonical.js'
import { everything, Keys, spaceOf } from '../../../src/middleware/cache/key.js'
import type { CacheOptions } from '../../../src/middleware/cache/options.js'
import { aCall } from '../../helpers/call.js'

const { target } = aCall()

async function keyOf(over: Partial<Call>, options: CacheOptions = {}): Promise<string | undefined> {
  return (await new Keys(options).of(aCall({ target, ...over })))?.key
}

/** The same value, the members of each object in reverse. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  )
}

/** JSON with its members in order: what two values have in common that are the same. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )

describe('the text of a value', () => {
  const plain = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__'))

  test('is the same in whatever order its members stand', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(canonical(reversed(value))).toBe(canonical(value))
      }),
    )
  })

  test('is the same for what JSON makes the same, and only for that', () => {
    // Few words and small numbers, so that equal values come about.
    const word = fc.constantFrom('', 'a', 'ab', 's1:a', '{', '0', '\ud800', '\udfff', '\\ud800', '"\\ud800"')
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        word,
        fc.constantFrom(0, -0, 1, 10, 1.5, true, false, null, Number.NaN),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(word, tie('value'), { maxKeys: 2 }),
      ),
    }))
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(canonical(a) === canonical(b)).toBe(sorted(a) === sorted(b))
      }),
      { numRuns: 3000 },
    )
  })

  test('is that of what a value says of itself, and without what JSON leaves out', () => {
    const date = new Date(0)
    expect(canonical({ date, list: [undefined] })).toBe(canonical({ date: date.toJSON(), list: [null], none: undefined, f() {} }))
    expect(canonical([new Number(1)])).not.toBe(canonical([new Number(2)]))
  })

  test('is without what is to be ignored, and nothing else', () => {
    const ignored = ignoredBy(['a', 'b.c', 'd.*.e', 'f', 'f.g'])
    const all = { a: 1, b: { c: 1, e: 2 }, d: [{ e: 1, c: 2 }, 3], f: { g: 1 }, e: 1 }
    expect(canonical(all, ignored)).toBe(canonical({ b: { e: 2 }, d: [{ c: 2 }, 3], e: 1 }))
  })
})

describe('a key', () => {
  const bodies = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }) as fc.Arbitrary<JsonObject>

  test('is the same with and without the text of the body, and again', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const keys = new Keys({})
        const text = JSON.stringify(body)
        const asked = [{ body }, { body, text }, { body, text: JSON.stringify(JSON.parse(text)) }]
        const found = await Promise.all(asked.map((over) => keys.of(aCall({ target, ...over }))))
        expect(new Set(found.map((known) => known?.key)).size).toBe(1)
      }),
    )
  })

  test('of another text is another, also where all that is looked at first is the same', async () => {
    const keys = new Keys({})
    const texts = Array.from({ length: 40 }, (_, n) => `${'a'.repeat(5000)}${String(n).padStart(3, '0')}${'a'.repeat(5000)}`)
    const find = (content: string) => keys.of(aCall({ target, body: { content }, text: JSON.stringify({ content }) }))
    const found = []
    for (const text of [...texts, ...texts]) found.push((await find(text))?.key)
    expect(new Set(found).size).toBe(texts.length)
    expect(found.slice(texts.length)).toEqual(found.slice(0, texts.length))
  })

  test('begins with the space of its tenant, and no two tenants share one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), bodies, async (a, b, body) => {
        const [one, two] = await Promise.all([a, b].map((tenant) => keyOf({ body, options: { tenant } })))
        expect(one?.startsWith(spaceOf(a))).toBe(true)
        expect(one?.startsWith(everything)).toBe(true)
        expect(one === two).toBe(a === b)
        if (a !== b && a.isWellFormed() && b.isWellFormed()) expect(one?.startsWith(spaceOf(b))).toBe(false)
      }),
    )
  })

  const header = (headers: Record<string, string>, isVendor = true): Partial<Call> => {
    const here: Here = { url: 'https://vendor.test/v1/x', headers: new Headers(headers), isVendor, provider: 'test', ready: true }
    return { here, target: { ...target, origin: here } }
  }
  const routed = (key: string): Partial<Call> => {
    const { here } = header({ authorization: key })
    return { ...(here && { here }), target: { ...target, route: { name: 'fast', targets: [target] } } }
  }
  const addressed = (url: string): Partial<Call> => {
    const { here } = header({})
    const there = here && { ...here, url }
    return there ? { here: there, target: { ...target, origin: there } } : {}
  }
  const tenant: { options: CallOptions } = { options: { tenant: 'a' } }
  const pairs: readonly [string, Partial<Call>, Partial<Call>, boolean][] = [
    ['two tenants', { options: { tenant: 'a' } }, { options: { tenant: 'b' } }, false],
    ['a tenant and nobody', { options: { tenant: '' } }, {}, false],
    ['two protocols', { protocol: 'gemini' }, {}, false],
    ['a stream and a whole answer', { stream: true }, {}, false],
    ['two names of a model', { model: 'fast' }, {}, false],
    ['two targets of one name', { target: { ...target, model: 'other' } }, {}, false],
    ['two versions of the protocol', { headers: { 'anthropic-beta': 'a' } }, { headers: { 'anthropic-beta': 'b' } }, false],
    ['one who is strict', { options: { strict: true } }, {}, false],
    ['one who prefers', { options: { prefer: 'cost' } }, {}, false],
    ['two keys without a tenant', header({ authorization: 'a' }), header({ authorization: 'b' }), false],
    ['two keys without a tenant, by a route', routed('a'), routed('b'), false],
    ['two addresses at one host', addressed('https://vendor.test/a/x'), addressed('https://vendor.test/b/x'), false],
    [
      'two keys of one tenant',
      { ...header({ 'x-api-key': 'a' }), ...tenant },
      { ...header({ 'x-api-key': 'b' }), ...tenant },
      true,
    ],
    ['two headers that the vendor does not know', header({ 'x-own': 'a' }), header({ 'x-own': 'b' }), true],
    ['two headers that a proxy may know', header({ 'x-own': 'a' }, false), header({ 'x-own': 'b' }, false), false],
    [
      'two keys of one tenant at a proxy',
      { ...header({ authorization: 'a' }, false), ...tenant },
      { ...header({ authorization: 'b' }, false), ...tenant },
      true,
    ],
    ['two traces', header({ traceparent: 'a' }, false), header({ traceparent: 'b' }, false), true],
    ['two callers', { options: { user: 'a', tags: { a: '1' }, key: 'k' } }, { options: { user: 'b' }, id: 'other' }, true],
    ['two deadlines', { options: { deadlineMs: 1 }, deadline: 1 }, {}, true],
    ['two ways to try again', { options: { maxRetries: 1 }, timeouts: { idleMs: 1 } }, {}, true],
  ]
  test.each(pairs)('of %s', async (_, a, b, same) => {
    const [one, two] = await Promise.all([keyOf(a), keyOf(b)])
    expect(one).toBeDefined()
    expect(one === two).toBe(same)
  })

  test('is none where the body is nested too deeply', async () => {
    const body = JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    expect(await keyOf({ body })).toBeUndefined()
  })
})
