/** Passwords at rest. */
import { expect, it } from 'vitest'
import { hashOf, matches } from '../../../src/relay/people/password.js'

it.each([11, 201])('has 12 to 200 characters, and not %d', async (length) => {
  await expect(hashOf('x'.repeat(length))).rejects.toMatchObject({ code: 'invalid_request', param: 'password' })
})

it.each([12, 200])('has 12 to 200 characters, such as %d, and is known by all of them', async (length) => {
  const hash = await hashOf('x'.repeat(length))
  expect(await matches('x'.repeat(length), hash)).toBe(true)
  expect(await matches('x'.repeat(length + 1), hash)).toBe(false)
})

it('is the same however a keyboard writes its letters', async () => {
  expect(await matches('correct cafe\u0301s', await hashOf('correct caf\u00e9s'))).toBe(true)
})
