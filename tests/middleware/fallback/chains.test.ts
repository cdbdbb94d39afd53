import { describe, expect, it } from 'vitest'
import { type ChainOptions, chainsOf } from '../../../src/middleware/fallback/chains.js'
import { aCall } from '../../helpers/call.js'

const { target } = aCall()
const claude = aCall({
  model: 'claude-sonnet-4-5',
  target: { provider: { ...target.provider, name: 'anthropic' }, model: 'claude-sonnet-4-5' },
})

const chainOf = (options: ChainOptions, call = claude) => chainsOf(options)(call)

describe('the chain of a call', () => {
  it('is that of its model, by the name that the caller wrote or with the provider in front', () => {
    expect(chainOf({ models: { 'claude-sonnet-4-5': ['a'] } })).toEqual(['a'])
    expect(chainOf({ models: { 'anthropic/claude-sonnet-4-5': ['a'] } })).toEqual(['a'])
    expect(chainOf({ models: { smart: ['a'] } }, { ...claude, model: 'smart' })).toEqual(['a'])
  })

  it('is that of the model by itself, also where the caller wrote the provider in front', () => {
    expect(chainOf({ models: { 'claude-sonnet-4-5': ['a'] } }, { ...claude, model: 'anthropic/claude-sonnet-4-5' })).toEqual([
      'a',
    ])
  })

  it('is that of a group that its model belongs to', () => {
    expect(chainOf({ models: { 'claude-*': ['a'] } })).toEqual(['a'])
    expect(chainOf({ models: { 'anthropic/*': ['a'] } })).toEqual(['a'])
    expect(chainOf({ models: { '*': ['a'] } })).toEqual(['a'])
    expect(chainOf({ models: { 'openai/*': ['a'] } })).toEqual([])
  })

  it('is the nearest of several: the name itself, then the longest group, then the default', () => {
    const models = { '*': ['any'], 'claude-*': ['claude'], 'claude-sonnet-*': ['sonnet'], 'claude-sonnet-4-5': ['exact'] }
    const { 'claude-sonnet-4-5': _, ...groups } = models
    expect(chainOf({ models, default: ['d'] })).toEqual(['exact'])
    expect(chainOf({ models: groups, default: ['d'] })).toEqual(['sonnet'])
    expect(chainOf({ models: { other: ['a'] }, default: ['d'] })).toEqual(['d'])
  })

  it('may be empty for one model, whatever the default', () => {
    expect(chainOf({ models: { 'claude-*': [] }, default: ['d'] })).toEqual([])
  })

  it("is not the default for embeddings: another model's vectors do not compare", () => {
    const embed = aCall({ protocol: 'openai-embeddings', model: 'text-embedding-3-small' })
    expect(chainOf({ default: ['d'] }, embed)).toEqual([])
    expect(chainOf({ models: { 'text-embedding-3-*': ['azure/text-embedding-3-small'] } }, embed)).toEqual([
      'azure/text-embedding-3-small',
    ])
  })

  it("is the call's own where it names one, or none", () => {
    const options = { models: { '*': ['a'] }, default: ['d'] }
    expect(chainOf(options, { ...claude, options: { fallback: ['own'] } })).toEqual(['own'])
    expect(chainOf(options, { ...claude, options: { fallback: false } })).toEqual([])
  })
})
