/** A streamed answer as the gateway tells it: OpenAI's chunks, each with what the call has cost so far, and the report at last. */
import type { StreamResult } from '../../core/call.js'
import { brokenBy } from '../../core/ending.js'
import { isLeashError } from '../../core/errors.js'
import { type JsonObject, parseJson } from '../../core/json.js'
import { whenEnded } from '../../core/report.js'
import { asJson, Failed, type Ran, toldOf } from './run.js'

/** One event of it: a chunk, or how it ended. */
export type Told =
  | { readonly type: 'chunk'; readonly chunk: JsonObject }
  | { readonly type: 'done'; readonly report: JsonObject }
  | { readonly type: 'failed'; readonly error: JsonObject; readonly report: JsonObject }

/**
 * What is told, piece by piece. Whoever leaves early stops the upstream.
 *
 * @throws Failed before the first piece, when the call fails before its first content
 */
export async function streamOf(ran: Ran): Promise<AsyncGenerator<Told, void>> {
  let result: Awaited<Ran['result']>
  try {
    result = await ran.result
  } catch (error) {
    throw isLeashError(error) ? new Failed(error, ran.report) : error
  }
  if (result.stream) return told(ran, result)
  return whole(ran, result.body as JsonObject)
}

async function* told({ protocol, report }: Ran, { body }: StreamResult): AsyncGenerator<Told, void> {
  const waiting: JsonObject[] = []
  const frames = protocol.framing.unframer(({ data }) => {
    const chunk = parseJson(data)
    // What is no object is the mark of the end, which the report takes the place of.
    if (typeof chunk === 'object' && chunk !== null) waiting.push(chunk as JsonObject)
  })
  try {
    for await (const bytes of body) {
      frames.push(bytes)
      for (let chunk = waiting.shift(); chunk; chunk = waiting.shift()) yield { type: 'chunk', chunk }
    }
    frames.end()
    for (let chunk = waiting.shift(); chunk; chunk = waiting.shift()) yield { type: 'chunk', chunk }
  } catch (error) {
    yield { type: 'failed', error: toldOf(brokenBy(error)), report: asJson(await whenEnded(report)) }
    return
  }
  yield { type: 'done', report: asJson(await whenEnded(report)) }
}

/** A provider that answers whole what was asked for as a stream. */
async function* whole({ report }: Ran, chunk: JsonObject): AsyncGenerator<Told, void> {
  yield { type: 'chunk', chunk }
  yield { type: 'done', report: asJson(await whenEnded(report)) }
}

const encoder = new TextEncoder()

/** As server-sent events, and as OpenAI ends them. */
export function eventsOf(pieces: AsyncGenerator<Told, void>, stop: AbortController): ReadableStream<Uint8Array> {
  const event = (data: string) => encoder.encode(`data: ${data}\n\n`)
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) return controller.close()
        if (value.type === 'chunk') return controller.enqueue(event(JSON.stringify(value.chunk)))
        const { report } = value
        if (value.type === 'failed') return controller.enqueue(event(JSON.stringify({ error: value.error, leash: report })))
        controller.enqueue(event(JSON.stringify({ object: 'chat.completion.chunk', choices: [], leash: report })))
        controller.enqueue(event('[DONE]'))
      },
      // A generator that has not begun lets go of nothing.
      cancel: () => stop.abort(),
    },
    { highWaterMark: 0 },
  )
}
