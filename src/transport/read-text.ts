import { LeashError } from '../core/errors.js'

/** The longest whole answer that is read, in bytes: an upstream must not fill the memory. */
export const maxAnswerLength = 64 * 1024 * 1024

/** The longest refusal, in bytes. What comes after it is not read. */
export const maxRefusalLength = 1024 * 1024

/**
 * The body as text, and no more of it than `limit` bytes.
 *
 * @throws LeashError `upstream_malformed` for a longer answer; a longer refusal is cut
 */
export function readText(response: Response, limit: number): Promise<string> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  // The platform reads a body whose length is known and small faster than we could.
  return length <= limit && !response.headers.has('content-encoding') ? response.text() : readPieces(response, limit)
}

async function readPieces(response: Response, limit: number): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const pieces: Uint8Array[] = []
  let size = 0
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.byteLength
    if (size > limit) {
      reader.cancel().catch(() => {})
      if (!response.ok) break
      throw new LeashError('upstream_malformed', `The upstream's answer is longer than ${limit} bytes. Ask for less.`)
    }
    pieces.push(read.value)
  }
  return textOf(pieces)
}

const whole = new TextDecoder()

/** Most answers come in one piece, and to make a decoder takes longer than to decode it. */
function textOf(pieces: readonly Uint8Array[]): string {
  const [only] = pieces
  if (only && pieces.length === 1) return whole.decode(only)
  const decoder = new TextDecoder()
  let text = ''
  for (const piece of pieces) text += decoder.decode(piece, { stream: true })
  return text + decoder.decode()
}
