import { describe, expect, it } from 'vitest'
import { Lazy, lazyLayer } from '../../src/core/lazy.js'
import type { Middleware, Next } from '../../src/core/middleware.js'
import { aCall, anAnswer } from '../helpers/call.js'

const answering: Next = async () => anAnswer

describe('Lazy', () => {
  it('is made once, however many need it at the same time', async () => {
    let made = 0
    const lazy = new Lazy(async () => ++made)
    expect(lazy.value).toBeUndefined()
    expect(await Promise.all([lazy.get(), lazy.get()])).toEqual([1, 1])
    expect(lazy.value).toBe(1)
  })

  it('is tried again after a failure', async () => {
    const failures = [new Error('no network')]
    const lazy = new Lazy(async () => {
      for (const failure of failures.splice(0)) throw failure
      return 'here'
    })
    await expect(lazy.get()).rejects.toThrow('no network')
    expect(await lazy.get()).toBe('here')
  })
})

describe('lazyLayer', () => {
  it('loads its code for the first call that needs it, and composes it once', async () => {
    const composed: Next[] = []
    const layer: Middleware = (next) => {
      composed.push(next)
      return next
    }
    const lazy = new Lazy(async () => layer)
    const run = lazyLayer(lazy, ({ model }) => model === 'needs')(answering)
    expect(await run(aCall())).toBe(anAnswer)
    expect(lazy.value).toBeUndefined()
    await Promise.all([run(aCall({ model: 'needs' })), run(aCall({ model: 'needs' }))])
    expect(await run(aCall({ model: 'needs' }))).toBe(anAnswer)
    expect(composed).toEqual([answering])
  })
})
