import { afterEach, describe, expect, test, vi } from 'vitest'
import { readEnv } from '../../src/providers/env.js'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
})

describe('reading a variable', () => {
  test('reads the process at each call', () => {
    vi.stubEnv('LEASH_TEST', 'one')
    expect(readEnv('LEASH_TEST')).toBe('one')
    vi.stubEnv('LEASH_TEST', 'two')
    expect(readEnv('LEASH_TEST')).toBe('two')
  })

  test('leaves out white space around the value, and takes a blank one for none', () => {
    expect(readEnv('A', { A: ' key\n' })).toBe('key')
    expect(readEnv('A', { A: ' \t\n' })).toBeUndefined()
    expect(readEnv('A', {})).toBeUndefined()
  })

  test('bindings that are given take the place of the process', () => {
    vi.stubEnv('LEASH_TEST', 'one')
    expect(readEnv('LEASH_TEST', {})).toBeUndefined()
  })

  test('a runtime without `process` has no variables', () => {
    vi.stubGlobal('process', undefined)
    expect(readEnv('PATH')).toBeUndefined()
  })

  test('a runtime that forbids reading (Deno without --allow-env) has no variables', () => {
    const forbidden = new Proxy(
      {},
      {
        get: () => {
          throw new Error('NotCapable: Requires env access')
        },
      },
    )
    vi.stubGlobal('process', { env: forbidden })
    expect(readEnv('OPENAI_API_KEY')).toBeUndefined()
  })
})
