/** The reference and the router say the same; and whatever is sent that the reference tells of, or not, nothing breaks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asArray, asObject, asString, isObject } from '../../src/core/json.js'
import { isModelPath } from '../../src/recognise.js'
import { createApp } from '../../src/relay/app.js'
import { modelCalls } from '../../src/relay/openapi/calls.js'
import { document, operations, placeOf } from '../../src/relay/openapi/document.js'
import type { RelayContext } from '../../src/relay/routes/context.js'
import { rights } from '../../src/relay/routes/rights.js'
import { useMock } from '../helpers/mock.js'
import { openRelay } from './helpers.js'

const mock = useMock()

describe('the reference', () => {
  test('tells of every route of the router, and of no other', () => {
    const { routes } = createApp({} as RelayContext, () => {})
    const routed = routes.flatMap(({ method, path }) => (method === 'ALL' ? [] : [`${method} ${path}`]))
    const told = Object.keys(operations).filter((route) => !Object.hasOwn(modelCalls, route))
    expect(told.sort()).toEqual([...new Set(routed)].sort())
    for (const route of Object.keys(modelCalls)) expect([route, isModelPath(route.split(' ')[1] ?? '')]).toEqual([route, true])
  })

  test('is whole: each place once, each name once, and nothing refers to what is not there', () => {
    const all = Object.entries(operations).map(([route, operation]) => Object.values(placeOf(route, operation)).join(' '))
    expect(new Set(all).size).toBe(all.length)
    const text = JSON.stringify(document())
    const names = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, name]) => name)
    expect([names.length, new Set(names).size]).toEqual([all.length, all.length])
    for (const [, ref = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g))
      expect(ref.split('/').reduce<unknown>((value, name) => asObject(value)[name], document())).toBeDefined()
  })

  test('says who may ask, as the guard of the administration has it', () => {
    const said = (path: string, method: string) => asObject(asObject(asObject(document().paths)[path])[method]).description
    expect(said('/v1/admin/config', 'get')).toBe("For the relay's administrators.")
    expect(said('/v1/admin/keys', 'post')).toContain('`keys:write`')
    const told = Object.keys(operations).map((route) => route.replace(' /v1/admin', ' '))
    expect(told).toEqual(expect.arrayContaining(Object.keys(rights)))
  })

  test('is served as JSON and as a page, which asks nobody else for anything', async () => {
    const { ask } = await openRelay(mock.url)
    expect((await ask('GET', '/openapi.json', undefined, '')).body).toEqual(document())
    const { status, headers, body } = await ask('GET', '/docs', undefined, '')
    expect([status, headers.get('content-security-policy')]).toEqual([200, expect.stringContaining("default-src 'none'")])
    for (const path of Object.keys(asObject(document().paths))) expect(body).toContain(`<code>${path}</code>`)
    expect([...body.matchAll(/(?:src|href)="([^"#]*)"/g)].map(([, link]) => link).filter((link) => link)).toEqual([
      '/dashboard.css',
      '/docs.css',
      '/openapi.json',
      '/',
    ])
    expect(body).not.toMatch(/<script|style=/)
    expect((await ask('GET', '/docs.css', undefined, '')).headers.get('content-type')).toContain('text/css')
  })
})

/** What a schema takes. */
function fitting(schema: unknown): fc.Arbitrary<unknown> {
  const { type, enum: values, anyOf, items, properties, additionalProperties, required, minimum, maximum } = asObject(schema)
  if (Array.isArray(values)) return fc.constantFrom(...values)
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map(fitting))
  switch (type) {
    case 'string':
      return fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('default', 'gpt-4o-mini', 'a@example.com'))
    case 'boolean':
      return fc.boolean()
    case 'number':
      return fc.double({ min: Number(minimum ?? 0), max: Number(maximum ?? 1e9), noNaN: true })
    case 'integer':
      return fc.integer({ min: Number(minimum ?? 0), max: Math.min(Number(maximum ?? 2 ** 53), Number.MAX_SAFE_INTEGER) })
    case 'array':
      return fc.array(fitting(items), { minLength: 1, maxLength: 3 })
    default:
      if (!isObject(properties)) return isObject(additionalProperties) ? dictionary(additionalProperties) : fc.object()
      return fc.record(Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, fitting(member)])), {
        requiredKeys: asArray(required).map(String),
      })
  }
}

const dictionary = (schema: unknown) => fc.dictionary(fc.string(), fitting(schema), { maxKeys: 3 })

/** Near it: one member is something else, or has no business there. */
const amiss = (schema: unknown): fc.Arbitrary<unknown> => {
  const names = Object.keys(asObject(asObject(schema).properties))
  const name = fc.oneof(fc.string(), ...(names.length > 0 ? [fc.constantFrom(...names)] : []))
  return fc.tuple(fitting(schema), name, fc.anything({ withNullPrototype: false })).map(([value, name, other]) => {
    return { ...asObject(value), [name]: other }
  })
}

interface Sent {
  readonly text: string
  readonly fits: boolean
}

const written = (value: unknown) =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? `${member}` : member)) ?? ''

function bodies(schema: unknown): fc.Arbitrary<Sent | undefined> {
  if (!isObject(schema)) return fc.constant(undefined)
  const loose = fc.oneof(fc.string(), fc.json(), amiss(schema).map(written))
  return fc.oneof(
    fitting(schema).map((value) => ({ text: written(value), fits: true })),
    loose.map((text) => ({ text, fits: false })),
  )
}

/** What would lock the fuzzer itself out is only tried. */
const onlyTried: Readonly<Record<string, string>> = {
  'put /v1/admin/config': 'dry_run',
  'put /v1/admin/tenants/{slug}/policy': 'dry_run',
}

const segment = fc.oneof(
  fc.constantFrom('default', 'abcd1234', 'gpt-4o-mini', '..', '%00'),
  fc.string({ unit: 'grapheme', minLength: 1 }).map(encodeURIComponent),
)

function requests(path: string, method: string, operation: Record<string, unknown>) {
  const parameters = asArray(operation.parameters).map(asObject)
  const places = parameters.filter(({ in: where }) => where === 'path')
  const query = parameters.filter(({ in: where, name }) => where === 'query' && name !== 'wait')
  const schema = asObject(asObject(asObject(operation.requestBody).content)['application/json']).schema
  const value = (member: unknown) => fc.oneof(fitting(member).map(String), fc.string())
  return fc.record({
    path: fc.tuple(...places.map(() => segment)).map((found) => {
      const rest = [...found]
      return path.replace(/\{\w+\}/g, () => rest.shift() ?? '')
    }),
    query: fc.record(Object.fromEntries(query.map(({ name, schema }) => [String(name), value(schema)])), { requiredKeys: [] }),
    body: bodies(schema),
    tried: fc.constant(onlyTried[`${method} ${path}`]),
  })
}

/** Of the statuses that an operation tells of, the one that this is. */
const toldOf = (operation: unknown, status: number) => {
  const { responses } = asObject(operation)
  const { [status]: exact, [`${String(status)[0]}XX`]: kind } = asObject(responses)
  const told = asObject(exact ?? kind)
  return asObject(
    asString(told.$ref) ? asObject(asObject(document().components).responses)[String(told.$ref).split('/').at(-1) ?? ''] : told,
  )
}

describe('whatever is sent', () => {
  test('the answer is one that the reference tells of, and a failure reads as it says', async () => {
    const relay = await openRelay(mock.url)
    for (const [path, methods] of Object.entries(asObject(document().paths)))
      for (const [method, operation] of Object.entries(asObject(methods)))
        for (const key of ['', relay.call, relay.admin]) {
          if (method === 'delete' && key === relay.admin) continue
          const place = path.replace('{model}', 'gemini-2.5-flash').replace(/\{\w+\}/g, 'nobody')
          const { status, body } = await relay.ask(method.toUpperCase(), place, method === 'get' ? undefined : {}, key)
          const { description, content } = toldOf(operation, status)
          expect([method, path, status, typeof description]).toEqual([method, path, status, 'string'])
          const schema = asObject(asObject(content)['application/json']).schema
          const isFailure = typeof body.error?.code === 'string' && typeof body.error.message === 'string'
          if (schema) expect([method, path, status, isFailure]).toEqual([method, path, status, true])
        }
  })

  test('every route answers with 2xx or 4xx, and takes each member that it is told to take', async () => {
    const relay = await openRelay(mock.url)
    for (const [path, methods] of Object.entries(asObject(document().paths))) {
      for (const [method, operation] of Object.entries(asObject(methods))) {
        await fc.assert(
          fc.asyncProperty(requests(path, method, asObject(operation)), async ({ path, query, body, tried }) => {
            const given = Object.entries(query).map(([name, value]) => [name, String(value)])
            const search = new URLSearchParams([...given, ...(tried === undefined ? [] : [[tried, '1']])])
            const { status, body: answer } = await relay.ask(method.toUpperCase(), `${path}?${search}`, body?.text)
            expect([method, path, status < 500]).toEqual([method, path, true])
            const why = asString(asObject(asObject(answer).error).message) ?? ''
            if (body?.fits)
              expect([method, path, why]).toEqual([method, path, expect.not.stringMatching(/^There is no `|unknown option/)])
          }),
          { numRuns: 8 },
        )
      }
    }
    expect(relay.warnings).toEqual([])
  })
})
