import { sleep } from '../../core/signals.js'
import { bytesOf, type RecordedResponse } from './format.js'

/** Statuses that come without a body. https://fetch.spec.whatwg.org/#null-body-status */
const bodiless = new Set([101, 204, 205, 304])

/** The answer as it came: the same pieces, and the same pauses when `timing` is `recorded`. */
export async function replay(
  recorded: RecordedResponse,
  timing: 'recorded' | 'instant',
  signal?: AbortSignal | null,
): Promise<Response> {
  signal?.throwIfAborted()
  const pause = async (ms: number) => {
    if (timing === 'instant' || ms <= 0) return
    // `fetch` fails with the reason that the caller gave.
    await sleep(ms, signal ?? undefined).catch((error) => {
      throw signal?.aborted ? signal.reason : error
    })
  }
  await pause(recorded.latencyMs)
  const body = bodiless.has(recorded.status) ? null : replayBody(recorded, pause, signal)
  return new Response(body, { status: recorded.status, headers: recorded.headers })
}

function replayBody(
  recorded: RecordedResponse,
  pause: (ms: number) => Promise<void>,
  signal?: AbortSignal | null,
): ReadableStream<Uint8Array> {
  const chunks = recorded.chunks[Symbol.iterator]()
  let abort = () => {}
  const over = () => signal?.removeEventListener('abort', abort)
  return new ReadableStream<Uint8Array>({
    start(controller) {
      abort = () => controller.error(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
    },
    async pull(controller) {
      const { value: chunk, done } = chunks.next()
      if (chunk) await pause(chunk.delayMs)
      if (signal?.aborted) return
      if (!done) return controller.enqueue(bytesOf(chunk))
      over()
      // The words of `fetch` for a connection that broke.
      if (!recorded.complete) throw new TypeError('terminated', { cause: new Error('The recorded answer ends here.') })
      controller.close()
    },
    cancel: over,
  })
}
