import { describe, expect, it } from 'vitest'
import { claude } from '../../src/protocols/claude.js'

describe('what a model takes', () => {
  it.each([
    ['claude-sonnet-4-20250514', 'budget', 64_000],
    ['claude-opus-4@20250514', 'budget', 32_000],
    ['claude-opus-4-0', 'budget', 32_000],
    ['claude-3-7-sonnet-20250219', 'budget', 64_000],
    ['claude-3-5-sonnet-20241022', 'none', 8_192],
    ['claude-3-opus-20240229', 'none', 4_096],
    ['anthropic.claude-v2:1', 'none', 4_096],
    ['claude-instant-1.2', 'none', 4_096],
    ['claude-opus-4-5-20251101', 'budget', 64_000],
    ['us.anthropic.claude-opus-4-6-v1:0', 'adaptive', 128_000],
    ['anthropic/claude-opus-4.7', 'adaptive', 128_000],
    ['claude-sonnet-5@20260601', 'adaptive', 128_000],
    ['claude-opus-latest', 'adaptive', 128_000],
    ['claude-mythos-preview', 'adaptive', 128_000],
    ['claude-novella-9-3', 'adaptive', 128_000],
    ['another-vendors-model', 'budget', Number.POSITIVE_INFINITY],
  ])('is read from the version in %s', (model, thinking, maxOutput) => {
    expect(claude(model)).toMatchObject({ thinking, maxOutput })
  })

  it('treats a model newer than its table as the newest in it', () => {
    expect(claude('claude-novella-9-3')).toMatchObject({
      sampling: 'none',
      prefill: false,
      forcedTools: false,
      off: 'low-effort',
    })
  })

  it('holds nothing against a model that it does not know', () => {
    expect(claude('another-vendors-model')).toMatchObject({
      sampling: 'any',
      prefill: true,
      forcedTools: true,
      structuredOutput: true,
    })
  })
})
