/** The switch by which a policy is tried out. */
import { expect, test } from 'vitest'
import { shadowOf } from '../../../src/relay/dashboard/shadow.js'

const turned = (policy: unknown) => {
  const { on, turned } = shadowOf(JSON.stringify(policy))
  return { on, ...(turned !== undefined && { policy: JSON.parse(turned) }) }
}
const budgets = [{ limit: { usd: 5 }, per: 'day' }]

test('what would refuse calls goes into the shadow, and everything else stays', () => {
  expect(turned({ cache: {}, budgets, access: {} })).toEqual({
    on: false,
    policy: { cache: {}, shadow: { budgets, access: {} } },
  })
  expect(turned({ budgets, shadow: { budgets: [], concurrency: {} } })).toEqual({
    on: false,
    policy: { shadow: { budgets, concurrency: {} } },
  })
})

test('what is in the shadow alone comes out of it', () => {
  expect(turned({ cache: {}, shadow: { budgets } })).toEqual({ on: true, policy: { cache: {}, budgets } })
})

test('there is nothing to turn where nothing would refuse, and where there is no JSON', () => {
  for (const policy of [{}, { cache: {} }, { shadow: {} }, [], null]) expect(turned(policy)).toEqual({ on: false })
  expect(shadowOf('{ "budgets": ')).toEqual({ on: false })
})
