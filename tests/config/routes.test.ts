import { describe, expect, test } from 'vitest'
import { fault } from './fault.js'

const group = (over: object) => fault({ routes: { smart: { targets: ['a/x', 'b/y'], ...over } } })

describe('the routes', () => {
  test('are names, or groups in all the words that the docs have', () => {
    expect(fault({ routes: { fast: 'groq/x' } })).toBe('taken')
    const when = { tools: true, images: false, maxInputTokens: 9, tenants: ['t'], tags: { tier: ['a'], region: 'eu' } }
    const targets = ['a/x', { model: 'b/y', weight: 0.5, quality: -1, when }, { model: 'c/z', when: () => true }]
    expect(group({ targets, sticky: 'tag:cohort', experiment: { goal: 'score', automatic: true }, fallback: true })).toBe('taken')
    expect(group({ prefer: 'latency' })).toBe('taken')
  })

  test.each<[object, RegExp]>([
    [{ targets: [] }, /`routes\.smart\.targets`: must be at least 1/],
    [{ targets: [{ model: 'a/x', weight: -1 }] }, /`routes\.smart\.targets\.0\.weight`: must be at least 0/],
    [
      { targets: [{ modle: 'a/x' }] },
      /unknown option `routes\.smart\.targets\.0\.modle` \(known: model, weight, quality, when\)/,
    ],
    [{ targets: [{ model: 'a/x', when: { vision: true } }] }, /unknown option .*when\.vision` \(known: tools, images/],
    [{ targets: [{ model: 'a/x', weight: 0 }] }, /`routes\.smart`: one target needs a `weight` above 0/],
    [{ sticky: 'session' }, /`routes\.smart\.sticky`/],
    [{ sticky: 'tag:' }, /`routes\.smart\.sticky`/],
    [{ prefer: 'speed' }, /`routes\.smart\.prefer`: must be "cost" or "latency" or "quality"/],
    [{ prefer: 'cost', sticky: 'user' }, /`prefer` decides alone/],
    [{ prefer: 'cost', targets: ['a/x', { model: 'b/y', weight: 2 }] }, /`prefer` decides alone/],
    [{ targets: ['a/x', { model: 'b/y', weight: 0 }], experiment: {} }, /an experiment needs two targets/],
    [{ experiment: { confidence: 1 } }, /`routes\.smart\.experiment\.confidence`: must be at most 0\.9999/],
    [{ choose: 'first' }, /unknown option `routes\.smart\.choose`/],
  ])('of the form %j are refused', (over, message) => {
    expect(group(over)).toMatch(message)
  })
})

test('a mirror names where its copies go', () => {
  expect(fault({ mirror: { to: 'a/x', share: 0.05, maxInFlight: 3, onResult: () => {}, when: () => true } })).toBe('taken')
  expect(fault({ mirror: { share: 0.05 } })).toMatch(/`mirror\.to`: must be a string/)
  expect(fault({ mirror: { to: 'a/x', share: 5 } })).toMatch(/`mirror\.share`: must be at most 1/)
})
