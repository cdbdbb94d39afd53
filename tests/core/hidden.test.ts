import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { hidden } from '../../src/core/hidden.js'

const secret = hidden<string>()
const other = hidden<string>()

it('keeps a value on an object of somebody else, apart from every other slot', () => {
  const headers = new Headers({ a: 'b' })
  expect(secret.get(headers)).toBeUndefined()
  secret.set(headers, 'one')
  secret.set(headers, 'two')
  expect(secret.get(headers)).toBe('two')
  expect(other.get(headers)).toBeUndefined()
})

it('shows to nobody who looks at the object', () => {
  const object = Object.freeze({ a: 1 })
  const open = { a: 1 }
  secret.set(open, 'hush')
  expect(inspect(open, { showHidden: true })).not.toContain('hush')
  expect(Reflect.ownKeys(open)).toEqual(['a'])
  expect(open).toEqual(object)
})
