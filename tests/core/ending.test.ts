import { describe, expect, test } from 'vitest'
import type { StreamResult } from '../../src/core/call.js'
import { atEnd, type Ending, Endings, endings, hearing, overheard } from '../../src/core/ending.js'
import { LeashError } from '../../src/core/errors.js'
import { anAnswer } from '../helpers/call.js'

const bytes = new TextEncoder().encode('hello')

function streamOf(body: AsyncIterable<Uint8Array>): StreamResult {
  return { stream: true, status: 200, headers: new Headers(), body }
}

async function* chunks(error?: unknown): AsyncGenerator<Uint8Array> {
  yield bytes
  if (error !== undefined) throw error
  yield bytes
}

function watch(body: AsyncIterable<Uint8Array>) {
  const told: Ending[] = []
  return { told, ...atEnd(streamOf(body), (ending) => told.push(ending)) }
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<number> {
  let read = 0
  for await (const chunk of body) read += chunk.length
  return read
}

describe('the end of a result', () => {
  test('is at once for a whole answer', () => {
    const told: Ending[] = []
    expect(atEnd(anAnswer, (ending) => told.push(ending))).toBe(anAnswer)
    expect(told).toEqual([undefined])
  })

  test('is when the last byte of a stream was read', async () => {
    const { told, body } = watch(chunks())
    expect(told).toEqual([])
    expect(await drain(body)).toBe(10)
    expect(told).toEqual([undefined])
  })

  test('is when a stream is left, even before its first byte', async () => {
    const { told, body } = watch(chunks())
    await body[Symbol.asyncIterator]().return?.()
    expect(told).toEqual(['cancelled'])
    const begun = watch(chunks())
    for await (const _ of begun.body) break
    expect(begun.told).toEqual(['cancelled'])
  })

  test('is when a stream fails, with its own error or one that says so', async () => {
    const own = new LeashError('timeout', 'Too slow.')
    const failed = watch(chunks(own))
    await expect(drain(failed.body)).rejects.toBe(own)
    expect(failed.told).toEqual([own])
    const broken = watch(chunks(new TypeError('terminated')))
    await expect(drain(broken.body)).rejects.toThrow('terminated')
    expect(broken.told).toMatchObject([{ code: 'network_error', retryable: true }])
  })

  test('is told by a stream that knows it, which is not wrapped', () => {
    const own = new Endings()
    const body = Object.assign(chunks(), { [endings]: own })
    const watched = watch(body)
    expect(watched.body).toBe(body)
    own.end('cancelled')
    own.end(undefined)
    expect(watched.told).toEqual(['cancelled'])
  })

  test('is told at once to who asks late, and from the inside out', () => {
    const own = new Endings()
    const order: string[] = []
    own.listen(() => order.push('inner'))
    own.listen(() => order.push('outer'))
    own.end(undefined)
    own.listen(() => order.push('late'))
    expect(order).toEqual(['inner', 'outer', 'late'])
  })
})

describe('a stream that is overheard', () => {
  test('tells each piece as it is read, and hands on the same bytes', async () => {
    const heard: Uint8Array[] = []
    const { body } = overheard(streamOf(chunks()), (piece) => heard.push(piece))
    expect(heard).toEqual([])
    const read: Uint8Array[] = []
    for await (const piece of body) read.push(piece)
    expect(read).toEqual([bytes, bytes])
    expect(heard.every((piece, index) => piece === read[index])).toBe(true)
  })

  test('tells its end once, also to those who listened further in', async () => {
    const inner: Ending[] = []
    const outer: Ending[] = []
    const told = atEnd(streamOf(chunks()), (ending) => inner.push(ending))
    const { body } = atEnd(
      overheard(told, () => {}),
      (ending) => outer.push(ending),
    )
    for await (const _ of body) break
    expect([inner, outer]).toEqual([['cancelled'], ['cancelled']])
  })

  test('is not wrapped where it tells of its pieces by itself, and tells everybody', async () => {
    const listeners: ((piece: Uint8Array) => void)[] = []
    const body = {
      [hearing]: (hear: (piece: Uint8Array) => void) => void listeners.push(hear),
      async *[Symbol.asyncIterator]() {
        for await (const piece of chunks()) {
          for (const hear of listeners) hear(piece)
          yield piece
        }
      },
    }
    const heard: [number, number] = [0, 0]
    const once = overheard(streamOf(body), () => heard[0]++)
    const twice = overheard(once, () => heard[1]++)
    expect(twice.body).toBe(body)
    expect(await drain(twice.body)).toBe(10)
    expect(heard).toEqual([2, 2])
  })

  test('is wrapped all the same by who has to be waited for at its end', async () => {
    const body = { [hearing]: () => {}, [Symbol.asyncIterator]: () => chunks() }
    let ended = false
    const over = async () => {
      ended = true
    }
    expect(await drain(overheard(streamOf(body), () => {}, over).body)).toBe(10)
    expect(ended).toBe(true)
  })

  test('fails as it would have', async () => {
    const { body } = overheard(streamOf(chunks(new TypeError('terminated'))), () => {})
    await expect(drain(body)).rejects.toThrow('terminated')
  })
})
