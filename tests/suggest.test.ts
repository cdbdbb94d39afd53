import { expect, test } from 'vitest'
import { LeashError } from '../src/core/errors.js'
import { suggest } from '../src/suggest.js'

const unknown = (model: string) => suggest(new LeashError('unknown_model', `No provider is known for "${model}".`), model).message

test('a name that is nearly that of a model is told with those that may have been meant', () => {
  expect(unknown('claude-sonet-4-5')).toMatch(/Did you mean claude-sonnet-4-5/)
})

test('a model is not offered in its own place: what it lacks is a key', () => {
  expect(unknown('gpt-4o')).toBe('[unknown_model] No provider is known for "gpt-4o".')
})
