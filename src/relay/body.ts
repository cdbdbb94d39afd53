/** Bodies of requests to the relay itself: JSON, gzipped or not, and never larger than it says. */
import { LeashError } from '../core/errors.js'
import { parseJson } from '../core/json.js'

/** @throws LeashError `request_too_large`, or `invalid_request` for what is no JSON */
export async function jsonOf(request: Request, most: number): Promise<unknown> {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'gzip' && encoding !== 'identity')
    throw new LeashError('invalid_request', 'Send the body as it is, or gzipped.', { status: 415 })
  // A few kilobytes of gzip may hold gigabytes, and so what is counted is what comes out.
  const bytes = encoding === 'gzip' ? request.body?.pipeThrough(new DecompressionStream('gzip')) : request.body
  const value = parseJson(await textOf(bytes ?? undefined, most))
  if (value === undefined) throw new LeashError('invalid_request', 'The body is no JSON.')
  return value
}

async function textOf(bytes: ReadableStream<Uint8Array> | undefined, most: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = bytes?.getReader()
  let text = ''
  let size = 0
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      size += read.value.byteLength
      if (size > most) {
        void reader?.cancel().catch(() => {})
        throw new LeashError('request_too_large', `The body is larger than ${most} bytes. Send less at once.`)
      }
      text += decoder.decode(read.value, { stream: true })
    }
    return text + decoder.decode()
  } catch (error) {
    if (error instanceof LeashError) throw error
    throw new LeashError('invalid_request', 'The body cannot be read: it is no gzip, or no UTF-8.', { cause: error })
  }
}
