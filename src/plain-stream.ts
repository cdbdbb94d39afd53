/**
 * Streams as the SDK reads them, at a third of the cost: it goes through several generators, and a race of promises for each
 * piece. Here only whole, plain events are read. From the first piece on that holds anything else, such as an error or half an
 * event, the SDK reads the rest itself.
 */
import type { OpenAIError } from 'openai'
import { isObject, parseJson } from './core/json.js'
import { identify, type Props } from './direct.js'
import { takeStream } from './respond.js'

/** A plain member in every version that we take, and private in the SDK's types. */
interface Streaming {
  iterator(): AsyncIterator<unknown>
}

function isStreaming(value: unknown): value is Streaming {
  return typeof value === 'object' && value !== null && 'iterator' in value
}

/**
 * @param stream what the SDK has made of a response, and nobody has read yet
 * @param SdkError of the SDK that made it, which is not loaded from here: a bundle would be divided for it
 */
export function readPlainly(stream: unknown, { response, options, controller }: Props, SdkError: typeof OpenAIError): void {
  if (options.__streamClass || options.__synthesizeEventData || !isStreaming(stream)) return
  identify(stream, response)
  const { signal } = controller
  const theirs = () => ({ [Symbol.asyncIterator]: iterator })
  const iterator = stream.iterator.bind(stream)
  let consumed = false

  async function* read() {
    if (consumed) throw new SdkError('Cannot iterate over a consumed stream, use `.tee()` to split the stream.')
    const taken = takeStream(response)
    if (!taken) return yield* theirs()
    consumed = true
    const { bytes } = taken
    const close = () => void bytes.return?.().catch(() => {})
    signal.addEventListener('abort', close, { once: true })
    let over = false
    let left = false
    try {
      while (!over) {
        const piece = await bytes.next()
        // Who aborts a stream gets no error for it.
        if (signal.aborted) return
        if (piece.done) over = true
        else {
          const { chunks, ends, odd } = plainEvents(piece.value)
          for (const chunk of chunks) {
            if (signal.aborted) return
            yield chunk
          }
          if (ends) close()
          left = odd !== undefined
          if (odd) taken.giveBack(odd)
          over = ends || left
        }
      }
    } catch (error) {
      if (signal.aborted || isAbort(error)) return
      throw error
    } finally {
      // Whoever leaves a stream early ends its request.
      if (!over) controller.abort()
      signal.removeEventListener('abort', close)
    }
    if (left) yield* theirs()
  }
  stream.iterator = read
}

interface Plain {
  readonly chunks: readonly unknown[]
  /** The last event is there. */
  readonly ends: boolean
  /** What is left to the SDK. */
  readonly odd?: Uint8Array
}

const [newline, letterD, letterE] = [0x0a, 0x64, 0x65]
/** All events of a piece are parsed at once: of a longer one, the SDK parses each when it is asked for. */
const longest = 65_536
const decoder = new TextDecoder()
const encoder = new TextEncoder()

function plainEvents(piece: Uint8Array): Plain {
  const text = isWhole(piece) ? decoder.decode(piece) : ''
  if (text === '' || text.includes('\r')) return { chunks: [], ends: false, odd: piece }
  const chunks: unknown[] = []
  for (let at = 0; at < text.length; ) {
    const start = afterName(text, at)
    const stop = text.indexOf('\n', start)
    if (!text.startsWith('data: ', start) || text[stop + 1] !== '\n') return { chunks, ends: false, odd: rest(piece, text, at) }
    const data = text.slice(start + 6, stop)
    if (data === '[DONE]') return { chunks, ends: true }
    const chunk = parseJson(data)
    if (!isObject(chunk) || chunk.error) return { chunks, ends: false, odd: rest(piece, text, at) }
    chunks.push(chunk)
    at = stop + 2
  }
  return { chunks, ends: false }
}

function isWhole(piece: Uint8Array): boolean {
  const [first, length] = [piece[0], piece.length]
  return (
    length <= longest &&
    (first === letterD || first === letterE) &&
    piece[length - 1] === newline &&
    piece[length - 2] === newline
  )
}

/** Behind the line with the name of an event, where it has one that changes nothing. */
function afterName(text: string, at: number): number {
  if (!text.startsWith('event: ', at) || text.startsWith('error\n', at + 7) || text.startsWith('thread.', at + 7)) return at
  return text.indexOf('\n', at) + 1
}

function rest(piece: Uint8Array, text: string, at: number): Uint8Array {
  return at === 0 ? piece : encoder.encode(text.slice(at))
}

function isAbort(error: unknown): boolean {
  return isObject(error) && error.name === 'AbortError'
}
