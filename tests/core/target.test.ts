import { describe, expect, it } from 'vitest'
import type { Origin } from '../../src/core/call.js'
import { targetName } from '../../src/core/target.js'
import { aCall } from '../helpers/call.js'

const { target } = aCall()
const at = (url: string, isVendor = false): Origin => ({ url, headers: new Headers(), isVendor })

describe('targetName', () => {
  it('is the provider and the model, as one would ask for them', () => {
    expect(targetName(target)).toBe('test/gpt-test')
    expect(targetName({ ...target, origin: at('https://api.openai.com/v1/chat/completions', true) })).toBe('test/gpt-test')
  })

  it('tells a proxy from the vendor by its host', () => {
    expect(targetName({ ...target, origin: at('http://localhost:4010/v1/chat/completions') })).toBe(
      'test/gpt-test@localhost:4010',
    )
    expect(targetName({ ...target, origin: at('http://proxy.example') })).toBe('test/gpt-test@proxy.example')
  })

  it('shows no password that stands in an address', () => {
    expect(targetName({ ...target, origin: at('https://me:secret@proxy.example/v1') })).toBe('test/gpt-test@proxy.example')
  })

  it('is short, also for a prompt in the place of a model', () => {
    expect(targetName({ ...target, model: 'x'.repeat(10_000) })).toHaveLength(205)
  })
})
