/** Who asks. */
import { expect, it } from 'vitest'
import { keyIn } from '../../../src/relay/people/caller.js'

it.each([
  ['authorization', 'Bearer lk_1'],
  ['authorization', 'bearer  lk_1'],
  ['x-api-key', 'lk_1'],
  ['api-key', 'lk_1'],
  ['x-goog-api-key', 'lk_1'],
])('shows a key as %s: %s', (name, value) => {
  expect(keyIn(new Headers({ [name]: value }))).toBe('lk_1')
})

it('shows none by another scheme, or where no SDK puts one', () => {
  expect(keyIn(new Headers({ authorization: 'Basic lk_1', cookie: 'lk_1' }))).toBeUndefined()
})
