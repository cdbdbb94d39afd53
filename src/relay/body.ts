/** Bodies of requests to the relay itself: gzipped or not, and never larger than it says. */
import { isLeashError, LeashError } from '../core/errors.js'
import { parseJson } from '../core/json.js'

/** @throws LeashError `request_too_large`, or `invalid_request` for what is no JSON */
export async function jsonOf(request: Request, most: number): Promise<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for await (const part of partsOf(request, most)) text += decoded(() => decoder.decode(part, { stream: true }))
  const value = parseJson(text + decoded(() => decoder.decode()))
  if (value === undefined) throw new LeashError('invalid_request', 'The body is no JSON.')
  return value
}

/** @throws LeashError `request_too_large`, or `invalid_request` for what is no gzip though it says so */
export async function bytesOf(request: Request, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of partsOf(request, most)) parts.push(part)
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
}

async function* partsOf(request: Request, most: number): AsyncGenerator<Uint8Array> {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'gzip' && encoding !== 'identity')
    throw new LeashError('invalid_request', 'Send the body as it is, or gzipped.', { status: 415 })
  // A few kilobytes of gzip may hold gigabytes, and so what is counted is what comes out.
  const bytes = encoding === 'gzip' ? request.body?.pipeThrough(new DecompressionStream('gzip')) : request.body
  const reader = bytes?.getReader()
  let size = 0
  const next = () =>
    reader?.read().catch((cause: unknown) => {
      throw isLeashError(cause) ? cause : unreadable(cause)
    })
  for (let read = await next(); read && !read.done; read = await next()) {
    size += read.value.byteLength
    if (size > most) {
      void reader?.cancel().catch(() => {})
      throw new LeashError('request_too_large', `The body is larger than ${most} bytes. Send less at once.`)
    }
    yield read.value
  }
}

function decoded(decode: () => string): string {
  try {
    return decode()
  } catch (cause) {
    throw unreadable(cause)
  }
}

function unreadable(cause: unknown): LeashError {
  return new LeashError('invalid_request', 'The body cannot be read: it is no gzip, or no UTF-8.', { cause })
}
