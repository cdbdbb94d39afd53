import { describe, expect, it } from 'vitest'
import type { Call, Result } from '../../src/core/call.js'
import { compose, type Middleware } from '../../src/core/middleware.js'

const call = { id: 'call_1' } as Call
const result: Result = { stream: false, status: 200, headers: new Headers(), body: {} }

function traced(name: string, log: string[]): Middleware {
  return (next) => async (call) => {
    log.push(`${name} in`)
    const result = await next(call)
    log.push(`${name} out`)
    return result
  }
}

describe('compose', () => {
  it('puts the first layer outermost', async () => {
    const log: string[] = []
    await compose([traced('first', log), traced('second', log)], async () => {
      log.push('terminal')
      return result
    })(call)
    expect(log).toEqual(['first in', 'second in', 'terminal', 'second out', 'first out'])
  })

  it('lets a layer call the next one many times, or never', async () => {
    let calls = 0
    const twice: Middleware = (next) => async (call) => {
      await next(call)
      return next(call)
    }
    const never: Middleware = () => async () => result
    const terminal = async () => {
      calls++
      return result
    }
    await compose([twice], terminal)(call)
    expect(calls).toBe(2)
    await compose([never], terminal)(call)
    expect(calls).toBe(2)
  })

  it('is the terminal itself when there are no layers, and keeps no state between calls', async () => {
    const terminal = async () => result
    expect(compose([], terminal)).toBe(terminal)
  })

  it('says what a middleware looks like when it is given something else', () => {
    expect(() => compose(['retry' as unknown as Middleware], async () => result)).toThrow(/\(next\) => \(call\)/)
  })
})
