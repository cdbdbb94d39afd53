import { describe, expect, it } from 'vitest'
import { compileTexts } from '../../src/protocols/lens.js'

const texts = compileTexts({
  'messages.*.content': 'text',
  'messages.*.content.*.text': 'text',
  'messages.*.tool_calls.*.input': 'arguments',
})

const shout = (text: string) => text.toUpperCase()

describe('compileTexts', () => {
  it('finds a text whether it stands alone or in parts', () => {
    const body = { messages: [{ content: 'a' }, { content: [{ type: 'text', text: 'b' }] }] }
    expect(texts(body, shout)).toEqual({ messages: [{ content: 'A' }, { content: [{ type: 'text', text: 'B' }] }] })
  })

  it('reaches every string inside an object that is a text as a whole', () => {
    const body = { messages: [{ tool_calls: [{ input: { city: 'x', days: [1, 'y'] } }] }] }
    expect(texts(body, shout)).toEqual({ messages: [{ tool_calls: [{ input: { city: 'X', days: [1, 'Y'] } }] }] })
  })

  it('gives back the same object when no text changed', () => {
    const body = { messages: [{ content: 'a' }] }
    expect(texts(body, (text) => text)).toBe(body)
  })

  it("copies only what lies on the way to a change, and never the caller's own", () => {
    const kept = { content: 'keep' }
    const body = { model: 'm', messages: [kept, { content: 'change' }], future: { field: 1 } }
    const replaced = texts(body, (text) => (text === 'change' ? 'changed' : text)) as typeof body
    expect(replaced.messages[0]).toBe(kept)
    expect(replaced.future).toBe(body.future)
    expect(body.messages[1]).toEqual({ content: 'change' })
  })

  it('passes by shapes that it does not expect', () => {
    const odd = { messages: 'no list', other: null }
    expect(texts(odd, shout)).toBe(odd)
    expect(texts({ messages: [null, 7, { content: 3 }] }, shout)).toEqual({ messages: [null, 7, { content: 3 }] })
  })

  it('says what a text is for', () => {
    const kinds: string[] = []
    texts({ messages: [{ content: 'a', tool_calls: [{ input: { b: 'c' } }] }] }, (text, kind) => {
      kinds.push(kind)
      return text
    })
    expect(kinds).toEqual(['text', 'arguments'])
  })
})
