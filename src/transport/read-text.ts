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
export async function readText(response: Response, limit: number): Promise<string> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  // The platform reads a body whose length is known and small faster than we could.
  if (length <= limit && !response.headers.has('content-encoding')) return response.text()
  const reader = response.body?.getReader()
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.byteLength
    if (size > limit) {
      reader.cancel().catch(() => {})
      if (!response.ok) return text
      throw new LeashError('upstream_malformed', `The upstream's answer is longer than ${limit} bytes. Ask for less.`)
    }
    text += decoder.decode(read.value, { stream: true })
  }
  return text + decoder.decode()
}
