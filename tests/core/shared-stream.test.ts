import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StreamResult } from '../../src/core/call.js'
import { type Ending, Endings, endings } from '../../src/core/ending.js'
import { LeashError } from '../../src/core/errors.js'
import { type SharedReader, SharedStream } from '../../src/core/shared-stream.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (pieces: readonly Uint8Array[]) => new TextDecoder().decode(Buffer.concat(pieces))
const tooSlow = () => new LeashError('stream_truncated', 'Too slow.')

interface Source extends AsyncIterableIterator<Uint8Array> {
  reads: number
  left: boolean
}

/** Gives a piece for each read; an error among the pieces is thrown. */
function sourceOf(pieces: readonly (string | Error)[]): Source {
  let at = 0
  const source: Source = {
    reads: 0,
    left: false,
    async next() {
      source.reads++
      const piece = pieces[at++]
      await Promise.resolve()
      if (piece instanceof Error) throw piece
      return piece === undefined ? { done: true, value: undefined } : { done: false, value: bytesOf(piece) }
    },
    async return() {
      source.left = true
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => source,
  }
  return source
}

function share(source: AsyncIterable<Uint8Array>, maxBytes = 1000): SharedStream {
  const result: StreamResult = { stream: true, status: 200, headers: new Headers(), body: source }
  return new SharedStream(result, { maxBytes, tooSlow })
}

function opened(stream: SharedStream): SharedReader {
  const reader = stream.open()
  if (!reader) throw new Error('It takes no more readers.')
  return reader
}

async function readAll(reader: SharedReader): Promise<{ text: string; error?: unknown }> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of reader) pieces.push(piece)
    return { text: textOf(pieces) }
  } catch (error) {
    return { text: textOf(pieces), error }
  }
}

function endingOf(reader: SharedReader): Ending[] {
  const told: Ending[] = []
  reader[endings].listen((ending) => told.push(ending))
  return told
}

describe('a shared stream', () => {
  test('is read once, and gives all of it to each reader', async () => {
    const source = sourceOf(['one ', 'two ', 'three'])
    const stream = share(source)
    const readers = [opened(stream), opened(stream), opened(stream)]
    for (const read of await Promise.all(readers.map(readAll))) expect(read).toEqual({ text: 'one two three' })
    expect(source.reads).toBe(4)
    expect(source.left).toBe(false)
  })

  test('reads no further than its fastest reader wants', async () => {
    const source = sourceOf(['one ', 'two ', 'three'])
    const stream = share(source)
    const [fast, slow] = [opened(stream), opened(stream)]
    await fast.next()
    await slow.next()
    expect(source.reads).toBe(1)
    await fast.next()
    expect(source.reads).toBe(2)
  })

  test('gives what has passed to one who comes late, also after its end', async () => {
    const stream = share(sourceOf(['one ', 'two ', 'three']))
    const first = opened(stream)
    await first.next()
    await first.next()
    const late = opened(stream)
    await readAll(first)
    expect(await readAll(late)).toEqual({ text: 'one two three' })
    expect(await readAll(opened(stream))).toEqual({ text: 'one two three' })
  })

  test('answers reads that were made at once in their order', async () => {
    const reader = opened(share(sourceOf(['one ', 'two'])))
    const reads = await Promise.all([reader.next(), reader.next(), reader.next(), reader.next()])
    expect(reads.map(({ done }) => done)).toEqual([false, false, true, true])
    expect(textOf(reads.flatMap(({ value }) => value ?? []))).toBe('one two')
  })

  test('keeps what one reader does to its bytes from the others', async () => {
    const stream = share(sourceOf(['abc']))
    const [one, other] = [opened(stream), opened(stream)]
    const { value } = await one.next()
    value?.fill(0)
    structuredClone(value, { transfer: value ? [value.buffer] : [] })
    expect(await readAll(other)).toEqual({ text: 'abc' })
  })

  test('fails for each reader after the same bytes, once', async () => {
    const broken = new LeashError('stream_truncated', 'Cut.')
    const stream = share(sourceOf(['one ', broken]))
    const [one, other] = [opened(stream), opened(stream)]
    const told = endingOf(other)
    expect(await readAll(one)).toEqual({ text: 'one ', error: broken })
    expect(await readAll(other)).toEqual({ text: 'one ', error: broken })
    expect(told).toEqual([broken])
    expect(await other.next()).toEqual({ done: true, value: undefined })
    expect(stream.recording).toBeUndefined()
  })

  test('goes on for the others when one leaves or fails, and is left with the last', async () => {
    const source = sourceOf(['one ', 'two ', 'three'])
    const stream = share(source)
    const [left, failed, last] = [opened(stream), opened(stream), opened(stream)]
    const [whenLeft, whenFailed, whenLast] = [endingOf(left), endingOf(failed), endingOf(last)]
    const gone = new LeashError('deadline_exceeded', 'Gone.')
    await left.return()
    const reading = failed.next()
    failed.fail(gone)
    await expect(reading).rejects.toBe(gone)
    expect([whenLeft, whenFailed, source.left]).toEqual([['cancelled'], [gone], false])
    await last.next()
    await last.return()
    expect([whenLast, source.left]).toEqual([['cancelled'], true])
    expect(await left.next()).toEqual({ done: true, value: undefined })
  })

  test('throws at the next read when a reader failed while it did not read', async () => {
    const reader = opened(share(sourceOf(['one'])))
    const reason = new Error('enough')
    reader.fail(new LeashError('aborted', 'The caller aborted.', { cause: reason }))
    await expect(reader.next()).rejects.toBe(reason)
    expect(await reader.next()).toEqual({ done: true, value: undefined })
  })

  test('can be had as a whole once it has been read to its end', async () => {
    const stream = share(sourceOf(['all ', 'of it']))
    const reader = opened(stream)
    const told = endingOf(reader)
    await reader.next()
    expect(stream.recording).toBeUndefined()
    await readAll(reader)
    expect(told).toEqual([undefined])
    expect(textOf(stream.recording ?? [])).toBe('all of it')
  })

  test('ends as its source does when the last reader leaves it', async () => {
    const own = new Endings()
    const source = sourceOf(['all of it'])
    // As a vendor's stream that has said its last word, and only has to close.
    const closing = source.return
    source.return = async () => {
      own.end(undefined)
      return closing?.call(source) ?? { done: true, value: undefined }
    }
    const reader = opened(share(Object.assign(source, { [endings]: own })))
    const told = endingOf(reader)
    await reader.next()
    await reader.return()
    expect(told).toEqual([undefined])
  })

  test.each([
    ['was all', ['all of it'], undefined],
    ['was not all', ['half', 'of it'], 'cancelled'],
  ] as const)('tells who leaves with what there was whether that %s', async (_, pieces, ending) => {
    const stream = share(sourceOf([...pieces]))
    const [leaver, slow] = [opened(stream), opened(stream)]
    const told = endingOf(leaver)
    await leaver.next()
    await leaver.return()
    await new Promise(setImmediate)
    expect(told).toEqual([ending])
    expect((await readAll(slow)).text).toBe(pieces.join(''))
  })

  test('takes nobody more once it is too long to be kept', async () => {
    const stream = share(sourceOf(['12345', '67890', '1']), 10)
    const reader = opened(stream)
    await reader.next()
    await reader.next()
    expect(stream.open()).toBeDefined()
    await reader.next()
    expect(stream.open()).toBeUndefined()
    expect(stream.recording).toBeUndefined()
  })

  test('fails who falls too far behind the fastest, and nobody else', async () => {
    const stream = share(sourceOf(['12345', '67890', '12345', '67890']), 10)
    const [fast, slow, idle] = [opened(stream), opened(stream), opened(stream)]
    const told = endingOf(idle)
    await fast.next()
    await slow.next()
    expect(await readAll(fast)).toEqual({ text: '678901234567890' })
    expect(await readAll(slow)).toEqual({ text: '678901234567890' })
    expect(told).toMatchObject([{ code: 'stream_truncated' }])
    expect(await readAll(idle)).toMatchObject({ text: '', error: { code: 'stream_truncated' } })
  })

  test('never fails a reader for one piece that is longer than the bound', async () => {
    const stream = share(sourceOf(['a'.repeat(50), 'b'.repeat(50)]), 10)
    const [fast, slow] = [opened(stream), opened(stream)]
    await fast.next()
    await slow.next()
    await fast.next()
    expect(await readAll(slow)).toEqual({ text: 'b'.repeat(50) })
  })

  test('whatever the order of reads, arrivals and leavings, each gets a prefix of the same bytes, and who stays gets all', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('read' as const), who: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), who: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), who: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), who: fc.nat(5) }) },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 4 }), { maxLength: 12 }),
        fc.boolean(),
        fc.array(step, { maxLength: 60 }),
        async (pieces, breaks, steps) => {
          const whole = pieces.join('')
          const source = sourceOf(breaks ? [...pieces, new Error('broken')] : pieces)
          const stream = share(source, 1_000_000)
          const readers: { reader: SharedReader; got: Uint8Array[]; gone: boolean; reads: Promise<unknown>[] }[] = []
          const open = () => readers.push({ reader: opened(stream), got: [], gone: false, reads: [] })
          const read = ({ reader, got, reads }: (typeof readers)[number]) =>
            reads.push(
              reader.next().then(
                ({ value }) => value && got.push(value),
                () => {},
              ),
            )
          open()
          for (const { do: what, who } of steps) {
            const one = readers[who % readers.length]
            // A stream that everybody has left is over.
            const alone = readers.filter(({ gone }) => !gone).length === 1
            if (what === 'open') open()
            else if (what === 'wait') await new Promise((resolve) => setImmediate(resolve))
            else if (!one || one.gone || (alone && what !== 'read')) continue
            else if (what === 'read') read(one)
            else {
              one.gone = true
              if (what === 'leave') await one.reader.return()
              else one.reader.fail(new LeashError('timeout', 'Gone.'))
            }
          }
          for (const one of readers) {
            if (!one.gone) {
              const { text, error } = await readAll(one.reader)
              await Promise.all(one.reads)
              expect(textOf(one.got) + text).toBe(whole)
              // An error goes to one read: to one of those before, or to the last.
              if (!breaks) expect(error).toBeUndefined()
            } else expect(whole.startsWith(textOf(one.got))).toBe(true)
            await Promise.all(one.reads)
          }
          expect(source.reads).toBe(pieces.length + 1)
        },
      ),
    )
  })
})
