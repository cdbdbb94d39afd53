/** Whatever can be done with the platform's stream can be done with ours, and comes to the same. */
import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { describe, expect, test } from 'vitest'
import { IteratorStream } from '../src/iterator-stream.js'

type Bytes = Uint8Array<ArrayBuffer>

/** An iterator over the letters that notes how it is treated; at an exclamation mark it fails. */
function letters(text: string) {
  const notes = { read: 0, returned: 0 }
  let ended = false
  const iterator: AsyncIterableIterator<Bytes> = {
    async next() {
      const letter = text[notes.read]
      if (ended || letter === undefined) return { done: true, value: undefined }
      notes.read++
      if (letter === '!') {
        ended = true
        throw new Error('broken')
      }
      return { done: false, value: new TextEncoder().encode(letter) }
    },
    async return() {
      // At the end there is nothing left to let go of.
      if (!ended && notes.read < text.length) notes.returned++
      ended = true
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return { iterator, notes }
}

function plain(iterator: AsyncIterator<Bytes>): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => void (await iterator.return?.()),
    },
    { highWaterMark: 0 },
  )
}

const decoder = new TextDecoder()
const failed = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message.replace(/^Invalid state: .*/, 'locked')}` : String(error)
const attempt = async (use: () => unknown) => {
  try {
    return await use()
  } catch (error) {
    return failed(error).replace(/^TypeError: .*/, 'TypeError')
  }
}

async function iterated(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const bytes of stream) text += decoder.decode(bytes)
  return text
}

async function readBy(reader: ReadableStreamDefaultReader<Uint8Array>, most = 99): Promise<string> {
  let text = ''
  for (let count = 0; count < most; count++) {
    const { done, value } = await reader.read()
    if (done) break
    text += decoder.decode(value)
  }
  return text
}

const uses: Readonly<Record<string, (stream: ReadableStream<Bytes>) => unknown>> = {
  'for await': (stream) => iterated(stream),
  'for await, left': async (stream) => {
    for await (const bytes of stream) return decoder.decode(bytes)
  },
  'values, without cancelling': async (stream) => {
    for await (const _ of stream.values({ preventCancel: true })) break
    return iterated(stream)
  },
  'a reader': async (stream) => readBy(stream.getReader()),
  'a reader, cancelled': async (stream) => {
    const reader = stream.getReader()
    const first = await readBy(reader, 1)
    await reader.cancel('enough')
    return [first, (await reader.read()).done]
  },
  'a reader, released for another': async (stream) => {
    const reader = stream.getReader()
    const first = await readBy(reader, 2)
    reader.releaseLock()
    return [first, await attempt(() => reader.read()), await readBy(stream.getReader())]
  },
  'a reader, released for an iterator': async (stream) => {
    const reader = stream.getReader()
    await reader.read()
    reader.releaseLock()
    return iterated(stream)
  },
  'a reader, read by the platform': async (stream) => {
    const { read } = ReadableStreamDefaultReader.prototype
    const reader = stream.getReader()
    return readBy(Object.defineProperty(reader, 'read', { value: () => read.call(reader) }))
  },
  'a reader, told of the end': async (stream) => {
    const reader = stream.getReader()
    const { closed } = reader
    const told = closed.then(() => 'closed', failed)
    await attempt(() => readBy(reader))
    return told
  },
  'two readers': async (stream) => {
    stream.getReader()
    return [stream.locked, await attempt(() => stream.getReader())]
  },
  'what is locked': async (stream) => {
    stream.getReader()
    return [
      await attempt(() => stream.cancel()),
      await attempt(() => stream.tee()),
      await attempt(() => stream.pipeTo(new WritableStream())),
      await attempt(() => stream.pipeThrough(new TransformStream())),
      await attempt(() => iterated(stream)),
      await attempt(() => iterated(stream.values())),
    ]
  },
  'a reader of bytes': (stream) => attempt(() => stream.getReader({ mode: 'byob' })),
  cancel: async (stream) => {
    await stream.cancel('enough')
    return iterated(stream)
  },
  tee: async (stream) => Promise.all(stream.tee().map((half) => attempt(() => iterated(half)))),
  pipeTo: async (stream) => {
    let text = ''
    await stream.pipeTo(new WritableStream({ write: (bytes) => void (text += decoder.decode(bytes)) }))
    return text
  },
  pipeThrough: async (stream) => {
    let text = ''
    for await (const more of stream.pipeThrough(new TextDecoderStream())) text += more
    return text
  },
  'the body of a Response': (stream) => new Response(stream).text(),
  'the body of a cloned Response': async (stream) => {
    const response = new Response(stream)
    return Promise.all([response.clone().text(), response.text()])
  },
  'a stream of Node’s': async (stream) => iterated(Readable.fromWeb(stream as NodeReadableStream)),
  'nothing at all': (stream) => stream.locked,
  'its kind': (stream) => [stream instanceof ReadableStream, Object.prototype.toString.call(stream)],
}

describe.each(Object.entries(uses))('%s', (_, use) => {
  test.each(['abc', '', 'ab!', '!'])('of %j is the same', async (text) => {
    const [theirs, ours] = [letters(text), letters(text)]
    const expected = [await attempt(() => use(plain(theirs.iterator))), theirs.notes]
    expect([await attempt(() => use(new IteratorStream(ours.iterator))), ours.notes]).toEqual(expected)
  })
})

test('once iterated it stays locked, for the iterator that was given out is the source itself', async () => {
  const stream = new IteratorStream(letters('abc').iterator)
  expect(await iterated(stream)).toBe('abc')
  expect(stream.locked).toBe(true)
  await expect(iterated(stream)).rejects.toThrow(TypeError)
})
