/** The stream of an answer as the AI SDK reads it. */
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { Report } from '../../core/call.js'
import { brokenBy } from '../../core/ending.js'
import { isLeashError } from '../../core/errors.js'
import { replay } from '../../core/events.js'
import { isObject, parseJson } from '../../core/json.js'
import { readError } from '../../protocols/ai-sdk-model.js'
import { sse } from '../../protocols/framing/sse.js'
import { apiError } from './errors.js'
import { revived } from './json.js'
import { reported, warningsOf } from './report.js'

interface Context {
  readonly model: string
  readonly report: Report
  readonly signal?: AbortSignal | undefined
}

type Part = LanguageModelV4StreamPart
type Finish = Extract<Part, { type: 'finish' }>

/** What is told comes from our own encoder, or from a model of the AI SDK. */
const asPart = (value: unknown) => value as Part

export function partsOf(body: AsyncIterable<Uint8Array>, context: Context): ReadableStream<Part> {
  const bytes = body[Symbol.asyncIterator]()
  const reader = new PartReader(context)
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        try {
          for (let told = false; !told; ) {
            const read = await bytes.next()
            const parts = read.done ? reader.end() : await reader.push(read.value)
            for (const part of parts) controller.enqueue(part)
            told = parts.length > 0 || read.done === true
            if (read.done) controller.close()
          }
        } catch (error) {
          for (const part of await reader.fail(error)) controller.enqueue(part)
          controller.close()
        }
      },
      async cancel() {
        await bytes.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

class PartReader {
  readonly #context: Context
  readonly #frames
  #read: unknown[] = []
  /** Told last, when all that happened to the call is known. */
  #finish: Finish | undefined

  constructor(context: Context) {
    this.#context = context
    this.#frames = sse.unframer(({ data }) => this.#read.push(parseJson(data)))
  }

  async push(bytes: Uint8Array): Promise<Part[]> {
    this.#frames.push(bytes)
    const read = this.#read
    this.#read = []
    const parts: Part[] = []
    for (const part of read) if (isObject(part)) parts.push(...(await this.#told(part)))
    return parts
  }

  async #told(part: Record<string, unknown>): Promise<Part[]> {
    const { report } = this.#context
    switch (part.type) {
      case 'stream-start':
        return [{ type: 'stream-start', warnings: warningsOf(part.warnings, report) }]
      case 'response-metadata':
        return [asPart({ ...part, ...(typeof part.timestamp === 'string' && { timestamp: new Date(part.timestamp) }) })]
      case 'error':
        return [await this.#error(part.error)]
      case 'finish':
        this.#finish = asPart(part) as Finish
        return []
      default:
        return [asPart(revived(part))]
    }
  }

  async #error(error: unknown): Promise<Part> {
    const { model, report } = this.#context
    const failure = isLeashError(error) ? error : readError(error)
    failure.attempts = report.attempts
    return { type: 'error', error: await apiError(failure, model, report.id) }
  }

  end(): Part[] {
    const finish = this.#finish
    return finish ? [{ ...finish, providerMetadata: reported(finish.providerMetadata, this.#context.report) }] : []
  }

  /** @throws what the caller's own signal threw */
  async fail(error: unknown): Promise<Part[]> {
    if (this.#context.signal?.aborted) throw error
    const nothing = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
    const usage = { inputTokens: nothing, outputTokens: { total: undefined, text: undefined, reasoning: undefined } }
    const failure = brokenBy(error)
    this.#finish ??= { type: 'finish', finishReason: { unified: 'error', raw: failure.code }, usage }
    return [await this.#error(failure), ...this.end()]
  }
}

/** A whole answer where a stream was asked for, because a layer answered by itself. */
export async function* spelled(body: unknown, model: string): AsyncGenerator<Uint8Array> {
  const { upstream, downstream } = (await import('../../protocols/ai-sdk/index.js')).aiSdk
  const request = { messages: [] }
  const encoder = downstream?.encodeStream(request)
  for (const event of replay(upstream.decodeResponse(body, { model, lose: () => {}, request })))
    for (const wire of encoder?.push(event) ?? []) yield sse.frame(wire)
}
