import { describe, expect, it } from 'vitest'
import { habitsOf, traitsOf } from '../../../src/protocols/bedrock-converse/models.js'

describe('what a model on Bedrock takes', () => {
  it.each([
    ['anthropic.claude-v2:1', undefined, 'none', true],
    ['anthropic.claude-3-haiku-20240307-v1:0', undefined, 'none', true],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', undefined, 'none', true],
    ['us.anthropic.claude-3-7-sonnet-20250219-v1:0', 'claude-budget', 'none', true],
    ['apac.anthropic.claude-sonnet-4-20250514-v1:0', 'claude-budget', 'none', true],
    ['eu.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-budget', 'json-schema', true],
    ['us.anthropic.claude-opus-4-6-v1', 'claude-adaptive', 'json-schema', false],
    ['global.anthropic.claude-opus-5', 'claude-adaptive', 'json-schema', false],
    ['anthropic.claude-mythos-preview', 'claude-adaptive', 'json-schema', false],
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6', 'claude-adaptive', 'json-schema', false],
  ])('is read from the version of %s', (model, thinking, structuredOutput, supportsPrefill) => {
    expect(habitsOf(model).thinking).toBe(thinking)
    expect(traitsOf(model)).toMatchObject({ structuredOutput, supportsPrefill })
  })

  it('counts versions, and does not read them as decimals', () => {
    expect(habitsOf('anthropic.claude-sonnet-4-10')).toEqual(habitsOf('anthropic.claude-opus-4-9'))
  })

  it('knows that web images are not taken and that usage always comes', () => {
    for (const model of ['us.amazon.nova-lite-v1:0', 'anthropic.claude-opus-4-5', 'something.new-v1'])
      expect(traitsOf(model)).toMatchObject({ imageUrls: false, streamUsage: 'always' })
  })

  it('refuses nothing to a model it does not know', () => {
    const { toolChoice, toolStatus, cache, cacheTtl } = habitsOf('arn:aws:bedrock:eu-west-1:1:imported-model/xyz')
    expect({ toolChoice, toolStatus, cache, cacheTtl }).toEqual({
      toolChoice: ['any', 'tool'],
      toolStatus: true,
      cache: ['system', 'messages', 'tools'],
      cacheTtl: true,
    })
  })
})
