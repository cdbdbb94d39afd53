import { beforeAll, describe, expect, it } from 'vitest'
import { FactReader, type Facts, factsIn } from '../../src/protocols/facts.js'
import { protocolNamed } from '../../src/protocols/index.js'

const encoder = new TextEncoder()
const event = (choice: object) =>
  encoder.encode(`data: ${JSON.stringify({ id: 'chatcmpl-1', model: 'gpt-4o-mini-2024-07-18', choices: [choice] })}\n\n`)
const word = (index = 0) => event({ index, delta: { content: 'word ' }, finish_reason: null })
const last = (reason: string, index = 0) => event({ index, delta: {}, finish_reason: reason })
const words = (count: number, index = 0) => Array.from({ length: count }, () => word(index))

const read = (pieces: readonly Uint8Array[], choices?: number): Facts => {
  const reader = new FactReader('openai-chat', choices)
  for (const piece of pieces) reader.push(piece)
  return reader.facts
}

describe('what a stream says of itself', () => {
  beforeAll(() => protocolNamed('openai-chat'))

  it('is read from a stream of any length', () => {
    for (const length of [0, 1, 11, 12, 13, 500]) {
      const pieces = [...words(length), last('length'), encoder.encode('data: [DONE]\n\n')]
      expect(read(pieces)).toEqual({ id: 'chatcmpl-1', model: 'gpt-4o-mini-2024-07-18', finish: ['length'] })
    }
  })

  it('is the same however its bytes are cut', () => {
    const bytes = Buffer.concat([...words(80), last('stop'), encoder.encode('data: [DONE]\n\n')])
    const whole = read([bytes])
    expect(whole.finish).toEqual(['stop'])
    for (const size of [1, 2, 7, 100, 1000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
      expect(read(pieces)).toEqual(whole)
    }
  })

  it('has the end of each of several answers, however early one ends', () => {
    const pieces = [word(), word(1), last('stop', 1), ...words(200), last('length')]
    expect(read(pieces, 2).finish).toEqual(['stop', 'length'])
  })

  it('can be asked for before the end, and again', () => {
    const reader = new FactReader('openai-chat')
    for (const piece of words(3)) reader.push(piece)
    expect(reader.facts.finish).toBeUndefined()
    reader.push(last('stop'))
    expect(reader.facts.finish).toEqual(['stop'])
    expect(reader.facts.finish).toEqual(['stop'])
  })
})

it('is not what parts of a stream are called, where its own name is not told', async () => {
  await protocolNamed('ai-sdk')
  const reader = new FactReader('ai-sdk')
  const parts = [
    { type: 'text-start', id: '0' },
    { type: 'finish', finishReason: { unified: 'stop' } },
  ]
  for (const part of parts) reader.push(encoder.encode(`data: ${JSON.stringify(part)}\n\n`))
  expect(reader.facts).toEqual({ finish: ['stop'] })
})

describe('what a whole answer says of itself', () => {
  const answer = (body: object): { readonly text: string; readonly body: object } => ({ text: JSON.stringify(body), body })
  const choice = (finish_reason: string, content = '') => ({ index: 0, message: { role: 'assistant', content }, finish_reason })

  it.each([
    [
      'as OpenAI writes it',
      { id: 'c1', object: 'chat.completion', model: 'm1', choices: [choice('stop')], usage: { total_tokens: 1 } },
    ],
    ['with its members in another order', { choices: [choice('stop')], usage: {}, model: 'm1', id: 'c1' }],
    [
      'with the words of a fact in its text',
      { id: 'c1', model: 'm1', choices: [choice('stop', '"finish_reason":"length","choices"')] },
    ],
    ['with a member that is called as the next one', { id: 'c1', object: 'choices', model: 'm1', choices: [choice('stop')] }],
    ['with a value that is called as a member', { object: 'id', id: 'c1', model: 'm1', choices: [choice('stop')] }],
    ['behind what another has said', { by: { id: 'c2', model: 'm2' }, id: 'c1', model: 'm1', choices: [choice('stop')] }],
  ])('is read %s', (_, body) => {
    expect(factsIn('openai-chat', answer(body))).toEqual({ id: 'c1', model: 'm1', finish: ['stop'] })
  })

  it('is read of several choices', () => {
    const body = { id: 'c1', model: 'm1', choices: [choice('stop'), choice('length')] }
    expect(factsIn('openai-chat', answer(body), 2).finish).toEqual(['stop', 'length'])
  })

  it.each([
    ['as short as can be', undefined],
    ['laid out for people', 2],
  ])('is read without parsing the text of an answer, %s', (_, indent) => {
    const text = JSON.stringify({ id: 'c1', model: 'm1', choices: [choice('stop')] }, null, indent)
    const unparsed = {
      text,
      get body(): never {
        throw new Error('It was parsed.')
      },
    }
    expect(factsIn('openai-chat', unparsed)).toEqual({ id: 'c1', model: 'm1', finish: ['stop'] })
  })

  it('is read with what JSON writes otherwise', () => {
    const body = { id: 'c\u0001', model: 'm\\1', choices: [choice('stop')] }
    expect(factsIn('openai-chat', answer(body))).toEqual({ id: 'c\u0001', model: 'm\\1', finish: ['stop'] })
  })

  it('is what there is, of an answer that lacks some', () => {
    expect(factsIn('openai-chat', answer({ choices: [] }))).toEqual({})
    expect(factsIn('openai-chat', { body: { model: 'm1' } })).toEqual({ model: 'm1' })
  })
})
