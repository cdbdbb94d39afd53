/** Bodies of requests to the relay itself: gzipped or not, and never larger than it says. */
import { bytesWithin } from '../../core/bounded.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { parseJson } from '../../core/json.js'
import { hasTooMany, tooMany } from '../../core/too-many.js'
import { utf8 } from '../../core/utf8.js'

/** @throws LeashError `request_too_large`, or `invalid_request` for what is no JSON, or too much of it */
export async function jsonOf(request: Request, most: number): Promise<unknown> {
  const text = utf8(await bytesOf(request, most))
  if (hasTooMany(text)) throw tooMany()
  const value = parseJson(text)
  if (value === undefined) throw new LeashError('invalid_request', 'The body is not JSON.')
  return value
}

/** @throws LeashError `request_too_large`, or `invalid_request` for what is no gzip though it says so */
export async function bytesOf({ headers, body }: Request, most: number): Promise<Uint8Array> {
  const encoding = headers.get('content-encoding')?.toLowerCase()
  if (encoding !== undefined && encoding !== 'gzip' && encoding !== 'identity')
    throw new LeashError('invalid_request', 'Send the body as it is, or gzipped.', { status: 415 })
  // A few kilobytes of gzip may hold gigabytes, and so what is counted is what comes out.
  const parts = encoding === 'gzip' ? body?.pipeThrough(new DecompressionStream('gzip')) : body
  const tooLarge = () => new LeashError('request_too_large', `The body is larger than ${most} bytes. Send less at once.`)
  try {
    return await bytesWithin(parts, most, tooLarge)
  } catch (cause) {
    if (isLeashError(cause)) throw cause
    throw new LeashError('invalid_request', 'The body cannot be read: it is no gzip.', { cause })
  }
}
