/** Modules come and go while calls are under way. */
import { describe, expect, test } from 'vitest'
import { createLeash, type Leash, type LeashOptions } from '../../src/leash.js'
import { annotate, block, defineModule, type Module } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { until, useMock } from '../helpers/mock.js'
import { asks, send } from '../middleware/asks.js'

const mock = useMock()
const [chat] = asks
const open = (modules: readonly Module[], options: LeashOptions = {}) =>
  createLeash({ providers: mockProviders(mock.url), retry: false, modules, ...options })
const ask = (leash: Leash, stream = false) =>
  send(leash, 'fetch', mock.url, chat?.request('one two three', stream) ?? { path: '', body: {} })
const states = async (leash: Leash) =>
  (await leash.modules.list()).map(({ name, version, state }) => `${name}@${version} ${state}`)

describe('under load', () => {
  test('no call is dropped, each sees one version from its beginning to its end, and old ones stop when they are empty', async () => {
    const stopped: number[] = []
    const under = new Map<number, number>()
    const mixed: string[] = []
    const version = (number: number) =>
      defineModule({
        name: 'counter',
        version: `1.${number}.0`,
        kind: 'policy',
        request: (_, { state }) => {
          state.version = number
          under.set(number, (under.get(number) ?? 0) + 1)
          return annotate({ version: number })
        },
        chunk: (_, { state }) => {
          if (state.version !== number) mixed.push(`${state.version} ${number}`)
        },
        response: (_, { state }) => {
          if (state.version !== number) mixed.push(`${state.version} ${number}`)
        },
        stop: () => {
          stopped.push(number)
        },
      })
    const leash = open([version(0)])
    const seen: unknown[] = []
    leash.on('result', ({ annotations }) => seen.push(annotations?.counter?.version))
    let swapping = true
    const statuses: number[] = []
    const caller = async (stream: boolean) => {
      while (swapping) {
        const response = await ask(leash, stream)
        statuses.push(response.status)
        await response.text()
      }
    }
    const callers = [false, true, false, true].map(caller)
    for (let number = 1; number <= 10; number++) {
      const before = statuses.length
      await leash.modules.replace('counter', version(number))
      await until(() => statuses.length > before + 4)
    }
    swapping = false
    await Promise.all(callers)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(mixed).toEqual([])
    expect(new Set(seen).size).toBeGreaterThan(5)
    await until(() => stopped.length === 10)
    expect(stopped.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await states(leash)).toEqual(['counter@1.10.0 ready'])
    await leash.close()
    expect(stopped).toContain(10)
  })
})

test('a stream that is under way keeps the module that it began with, which drains until then', async () => {
  mock.script({ chunkDelayMs: 5 })
  const seen: string[] = []
  const version = (version: string) =>
    defineModule({ name: 'eye', version, kind: 'inspector', chunk: () => void seen.push(version) })
  const leash = open([version('1.0.0')])
  const response = await ask(leash, true)
  const reader = response.body?.getReader()
  await reader?.read()
  await leash.modules.replace('eye', version('2.0.0'))
  expect(await states(leash)).toEqual(['eye@2.0.0 ready', 'eye@1.0.0 draining'])
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read());
  expect(new Set(seen)).toEqual(new Set(['1.0.0']))
  await until(() => leash.health().modules?.length === 1)
})

test('a stream that nobody reads keeps no process alive for the module that it began with', async () => {
  mock.script({ hang: { afterEvents: 3 } })
  const version = (version: string) => defineModule({ name: 'eye', version, kind: 'inspector', request: () => undefined })
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const leash = open([version('1.0.0')])
  const response = await ask(leash, true)
  const before = timers()
  await leash.modules.replace('eye', version('2.0.0'))
  expect(await states(leash)).toEqual(['eye@2.0.0 ready', 'eye@1.0.0 draining'])
  expect(timers()).toBe(before)
  await response.body?.cancel()
})

test('one that does not start takes nobody’s place', async () => {
  const good = defineModule({ name: 'guard', version: '1.0.0', kind: 'policy', request: () => block('no') })
  const bad = defineModule({
    name: 'guard',
    version: '2.0.0',
    kind: 'policy',
    start: () => Promise.reject(new TypeError('secret')),
  })
  const leash = open([good])
  await expect(leash.modules.replace('guard', bad)).rejects.toThrow(/"guard" has not started: its `start` failed: TypeError/)
  expect(await states(leash)).toEqual(['guard@1.0.0 ready'])
  expect((await ask(leash)).status).toBe(403)
})

test('modules are added to an empty list, and removed', async () => {
  const leash = open([])
  expect((await ask(leash)).status).toBe(200)
  await leash.modules.add(defineModule({ name: 'no', kind: 'policy', request: () => block('no') }))
  expect((await ask(leash)).status).toBe(403)
  await leash.modules.remove('no')
  expect((await ask(leash)).status).toBe(200)
})

test('what is not there, is there already, or has no place is said', async () => {
  const module = defineModule({ name: 'a', kind: 'sink' })
  const leash = open([module])
  await expect(leash.modules.add(module)).rejects.toThrow(/already.*replace/)
  await expect(leash.modules.remove('b')).rejects.toThrow(/no module "b" \(there are: a\)/)
  await expect(createLeash().modules.list()).rejects.toThrow(/modules: \[\]/)
  expect(() => createLeash({ modules: [{} as never] })).toThrow(/modules\.0.*defineModule/)
})

test('a leash that is closed takes no more modules', async () => {
  const started: string[] = []
  const module = defineModule({ name: 'late', kind: 'sink', start: () => void started.push('late') })
  const leash = open([])
  await ask(leash)
  await leash.close()
  await expect(leash.modules.add(module)).rejects.toThrow(/closed/)
  expect(started).toEqual([])
})

describe('dependencies', () => {
  const module = (name: string, version: string, dependencies: Record<string, string> = {}, order: string[] = []) =>
    defineModule({ name, version, kind: 'inspector', dependencies, start: () => void order.push(name) })

  test('start before what needs them', async () => {
    const order: string[] = []
    const leash = open([
      module('last', '1.0.0', { middle: '^1.0.0' }, order),
      module('middle', '1.4.2', { first: '~0.3.1' }, order),
      module('first', '0.3.9', {}, order),
    ])
    await ask(leash)
    expect(order).toEqual(['first', 'middle', 'last'])
  })

  test('that have not started keep back what needs them, until they have', async () => {
    const order: string[] = []
    const broken = defineModule({ name: 'first', kind: 'inspector', start: () => Promise.reject(new Error('no')) })
    const leash = open([
      module('last', '1.0.0', { middle: '*' }, order),
      module('middle', '1.0.0', { first: '*' }, order),
      broken,
    ])
    expect((await ask(leash)).status).toBe(200)
    expect(order).toEqual([])
    expect(await states(leash)).toEqual(['first@0.0.0 failed', 'middle@1.0.0 failed', 'last@1.0.0 failed'])
    expect((await leash.modules.list())[1]?.lastError?.message).toBe('it needs "first", which has not started')
    await leash.modules.replace('first', module('first', '1.0.0', {}, order))
    expect(order).toEqual(['first', 'middle', 'last'])
    expect(await states(leash)).toEqual(['first@1.0.0 ready', 'middle@1.0.0 ready', 'last@1.0.0 ready'])
  })

  test.each([
    ['one that is missing', [module('a', '1.0.0', { b: '*' })], /"a" needs "b" \*, which is not there/],
    [
      'an old one',
      [module('a', '1.0.0', { b: '^2.0.0' }), module('b', '1.9.9')],
      /"a" needs "b" \^2\.0\.0, and 1\.9\.9 is there/,
    ],
    ['each other', [module('a', '1.0.0', { b: '*' }), module('b', '1.0.0', { a: '*' })], /circle: a → b → a/],
    ['the same name', [module('a', '1.0.0'), module('a', '1.0.0')], /two modules "a"/],
  ])('are refused where they need %s', async (_, modules, message) => {
    await expect(open(modules).modules.list()).rejects.toThrow(message)
  })

  test('cannot be taken away from what needs them', async () => {
    const leash = open([module('a', '1.0.0', { b: '^1.0.0' }), module('b', '1.0.0')])
    await expect(leash.modules.remove('b')).rejects.toThrow(/"a" needs "b"/)
    await expect(leash.modules.replace('b', module('b', '2.0.0'))).rejects.toThrow(/2\.0\.0 is there/)
    await leash.modules.replace('b', module('b', '1.1.0'))
    expect(await states(leash)).toEqual(['b@1.1.0 ready', 'a@1.0.0 ready'])
  })
})
