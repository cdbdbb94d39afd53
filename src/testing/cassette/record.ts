import { asUtf8, bytesOf, chunkOf, type RecordedChunk, type RecordedResponse } from './format.js'
import type { Scrubber } from './scrub.js'

/** Hands the answer on as it comes, and tells what it was once it is over. */
export function record(
  response: Response,
  latencyMs: number,
  scrub: Scrubber,
  done: (recorded: RecordedResponse) => void,
): Response {
  const chunks: RecordedChunk[] = []
  let told = false
  const finish = (complete: boolean) => {
    if (told) return
    told = true
    const headers = scrub.headers(response.headers)
    done({ status: response.status, headers, latencyMs, chunks: cleaned(chunks, response, scrub), complete })
  }
  if (!response.body) {
    finish(true)
    return response
  }
  let last = performance.now()
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done: over } = await reader.read()
          if (over) {
            finish(true)
            return controller.close()
          }
          const now = performance.now()
          chunks.push(chunkOf(value, Math.round(now - last)))
          last = now
          controller.enqueue(value)
        } catch (error) {
          finish(false)
          controller.error(error)
        }
      },
      cancel(reason) {
        finish(false)
        return reader.cancel(reason)
      },
    },
    // What nobody has asked for is not read.
    { highWaterMark: 0 },
  )
  return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers })
}

/** A secret may be cut in two by the pieces: then the answer is kept as one, clean. Frames with checksums are left as they are. */
function cleaned(chunks: readonly RecordedChunk[], response: Response, scrub: Scrubber): readonly RecordedChunk[] {
  if (response.headers.get('content-type')?.includes('eventstream') && !response.headers.get('content-type')?.includes('text/')) {
    return chunks
  }
  const whole = asUtf8(Buffer.concat(chunks.map(bytesOf)))
  if (whole === undefined) return chunks
  const clean = scrub.text(whole)
  return clean === whole ? chunks : [{ delayMs: chunks[0]?.delayMs ?? 0, text: clean }]
}
