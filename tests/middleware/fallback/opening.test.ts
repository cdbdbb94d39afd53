/** A stream that refuses leads on like a whole answer that does, and any other comes to its reader as it was. */
import { describe, expect, test, vi } from 'vitest'
import type { Result, StreamResult } from '../../../src/core/call.js'
import { LeashError } from '../../../src/core/errors.js'
import { refusalIn } from '../../../src/middleware/fallback/refusal.js'
import { aCall } from '../../helpers/call.js'

const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const begin = chunk({ role: 'assistant', content: '' })
const done = 'data: [DONE]\n\n'

const refusing = {
  'that the vendor’s filter has cut before its first word': [begin, chunk({}, 'content_filter'), done],
  'of nothing but a refusal': [begin, chunk({ refusal: 'I would ' }), chunk({ refusal: 'rather not.' }), chunk({}, 'stop'), done],
}
const answering = {
  'of words': [begin, chunk({ content: 'Here ' }), chunk({ content: 'you are.' }), chunk({}, 'stop'), done],
  'that was cut after some words': [begin, chunk({ content: 'Here ' }), chunk({}, 'content_filter'), done],
  'of a call of a tool': [
    begin,
    chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] }),
    chunk({}, 'tool_calls'),
    done,
  ],
  'without a word that has simply ended': [begin, chunk({}, 'stop'), done],
  'in another tongue': ['what is this?'],
}

const encoder = new TextEncoder()
type Cut = (text: string) => readonly string[]
const cuts: Record<string, Cut> = { 'in one piece': (text) => [text], 'by the byte': (text) => [...text] }

function streaming(pieces: Iterable<string>, failure?: Error, left = () => {}): StreamResult {
  async function* body() {
    try {
      for (const piece of pieces) yield encoder.encode(piece)
      if (failure) throw failure
    } finally {
      left()
    }
  }
  return { stream: true, status: 200, headers: new Headers(), body: body() }
}

async function textOf(result: Result): Promise<string> {
  if (!result.stream) throw new Error('It is no stream.')
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of result.body) text += decoder.decode(piece, { stream: true })
  return text
}

describe.each(Object.entries(cuts))('%s', (_, cut) => {
  test.each(Object.entries(refusing))('a stream %s is a refusal, and can still be read', async (_, events) => {
    const { result, refusal } = await refusalIn(streaming(cut(events.join(''))), aCall({ stream: true }))
    expect(refusal).toMatchObject({ code: 'content_filtered' })
    expect(await textOf(result)).toBe(events.join(''))
  })

  test.each(Object.entries(answering))('a stream %s is an answer, and comes as it was', async (_, events) => {
    const { result, refusal } = await refusalIn(streaming(cut(events.join(''))), aCall({ stream: true }))
    expect(refusal).toBeUndefined()
    expect(await textOf(result)).toBe(events.join(''))
  })
})

test('a stream is held up no longer than until its first word', async () => {
  const read = vi.fn()
  function* pieces() {
    for (const event of answering['of words']) {
      read()
      yield event
    }
  }
  await refusalIn(streaming(pieces()), aCall({ stream: true }))
  expect(read).toHaveBeenCalledTimes(2)
})

test('a stream that fails before its first word fails where it is read', async () => {
  const failure = new LeashError('stream_truncated', 'cut')
  const { result, refusal } = await refusalIn(streaming([begin], failure), aCall({ stream: true }))
  expect(refusal).toBeUndefined()
  await expect(textOf(result)).rejects.toBe(failure)
})

test('a stream that is left lets go of the one behind it', async () => {
  const left = vi.fn()
  const { result } = await refusalIn(streaming(answering['of words'], undefined, left), aCall({ stream: true }))
  if (result.stream) for await (const _ of result.body) break
  expect(left).toHaveBeenCalledTimes(1)
})
