import { createHash } from 'node:crypto'
import { parseJson } from '../../core/json.js'
import { sorted } from '../../core/sorted.js'
import { asUtf8, type RecordedExchangeRequest } from './format.js'

/** A request as it is kept: JSON as JSON, so that people can read it. */
export function bodyOf(bytes: Uint8Array, scrub: (text: string) => string): unknown {
  if (bytes.length === 0) return undefined
  const text = asUtf8(bytes)
  if (text === undefined) return { base64: Buffer.from(bytes).toString('base64') }
  const clean = scrub(text)
  return parseJson(clean) ?? clean
}

/** A form with one word between its parts, whatever `fetch` drew for this request. */
export function withoutBoundary(headers: Headers, bytes: Uint8Array): { readonly headers: Headers; readonly bytes: Uint8Array } {
  const type = headers.get('content-type') ?? ''
  const [, boundary] = /^multipart\/.*\bboundary="?([^";]+)/i.exec(type) ?? []
  if (!boundary) return { headers, bytes }
  headers.set('content-type', type.replace(boundary, 'boundary'))
  // Every byte is a character of this encoding, those of a sound or a picture too.
  const form = Buffer.from(bytes).toString('latin1').replaceAll(boundary, 'boundary')
  return { headers, bytes: Buffer.from(form, 'latin1') }
}

/**
 * What a request is found by. The host is left out, so that what was recorded at a vendor is found behind any base URL; members
 * are sorted for the hash alone, so that their order does not matter.
 */
export function keyOf({ method, url, body }: RecordedExchangeRequest): string {
  const { pathname, searchParams } = new URL(url)
  searchParams.sort()
  const canonical = JSON.stringify([method, pathname, searchParams.toString(), sorted(body) ?? null])
  return createHash('sha256').update(canonical).digest('hex').slice(0, 32)
}
