/** Answers in fewer bytes. Never events, which have to go out one by one. */
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Answered } from '../../answered.js'

/** Shorter bodies do not become shorter. */
const worthIt = 1024

/** A tenth of what the usual quality takes, for nearly the same size. */
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

const packers = {
  br: (bytes: Uint8Array) => promisify(brotliCompress)(bytes, quality),
  gzip: (bytes: Uint8Array) => promisify(gzip)(bytes, { level: 5 }),
}

/** What the relay answers from what it has at hand. What a vendor answers beside models comes bit by bit, also where it is JSON. */
const own = /^\/(?:v1\/(?:admin|control|gateway|models|usage)\b|v1beta\/models\b|openapi\.json|docs|dashboard\.|$)/

export async function compressed(response: Response, { url, headers: asked }: Request): Promise<Response> {
  if (!own.test(new URL(url).pathname)) return response
  const type = response.headers.get('content-type') ?? ''
  if (!response.body || !/^(?:application\/json|text\/(?:html|css|javascript))/.test(type)) return response
  if (response.headers.has('content-encoding') || response.status === 304) return response
  const encoding = encodingOf(asked.get('accept-encoding') ?? '')
  if (!encoding) return response
  const bytes = new Uint8Array(await response.arrayBuffer())
  const headers = new Headers(response.headers)
  headers.set('vary', 'accept-encoding, origin')
  const { status } = response
  if (bytes.length < worthIt) return new Response(bytes, { status, headers })
  headers.set('content-encoding', encoding)
  headers.delete('content-length')
  return new Response(new Uint8Array(await packers[encoding](bytes)), { status, headers })
}

/** A model's answer that is not this long is with its reader sooner as it is. In UTF-16 units. */
const longAnswer = 32_768

/** A model's answer. Undefined where it is to go as it is: most are too short, and nobody is to wait for those. */
export function compressedAnswer(answer: Answered, accepted: string | string[] = ''): Promise<Packed> | undefined {
  const { headers, body } = answer
  if (typeof body !== 'string' || body.length < longAnswer) return undefined
  const isJson = headers.some(([name, value]) => name === 'content-type' && value.startsWith('application/json'))
  const encoding = isJson ? encodingOf(String(accepted)) : undefined
  return encoding && pack(answer, body, encoding)
}

interface Packed extends Pick<Answered, 'status' | 'headers'> {
  readonly body: Uint8Array
}

async function pack({ status, headers }: Answered, body: string, encoding: keyof typeof packers): Promise<Packed> {
  const bytes = await packers[encoding](Buffer.from(body))
  return { status, headers: [...headers, ['content-encoding', encoding], ['vary', 'accept-encoding, origin']], body: bytes }
}

/** The better one that is accepted, and not with a quality of 0. */
function encodingOf(accepted: string): 'br' | 'gzip' | undefined {
  const refused = /^(\S+)\s*;\s*q=0(?:\.0*)?$/
  const taken = accepted
    .toLowerCase()
    .split(',')
    .map((one) => one.trim())
    .filter((one) => !refused.test(one))
    .map((one) => one.replace(/;.*$/, '').trim())
  return (['br', 'gzip'] as const).find((known) => taken.includes(known))
}
