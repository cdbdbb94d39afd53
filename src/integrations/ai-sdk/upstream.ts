/** A model of the AI SDK as one of the leash's providers: it is called within the process, by a request that never leaves it. */
import type {
  EmbeddingModelV4,
  EmbeddingModelV4CallOptions,
  EmbeddingModelV4Result,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import { LeashError } from '../../core/errors.js'
import type { Provider, WireRequest } from '../../core/provider.js'
import { untilStopped } from '../../core/until-stopped.js'
import { protocolName as chat } from '../../protocols/ai-sdk/wire.js'
import { protocolName as embeddings } from '../../protocols/ai-sdk-embeddings/response.js'
import { writeError } from '../../protocols/ai-sdk-model.js'
import { sse } from '../../protocols/framing/sse.js'
import { failureOf, refusalOf } from './failure.js'
import { plain, revivedPrompt } from './json.js'

/** A provider of the AI SDK, such as `createMistral()` gives. */
export interface AiSdkProvider {
  languageModel(id: string): LanguageModelV4
  embeddingModel?(id: string): EmbeddingModelV4
}

export interface FromAiSdkOptions {
  /** What it is called in reports, and where its prices are looked up. @defaultValue what the model calls its provider */
  readonly name?: string
}

/**
 * Any provider or model of the AI SDK as a provider of a leash.
 *
 * @example
 * const leash = createLeash({ providers: { mistral: fromAiSdk(createMistral()) } })
 */
export function fromAiSdk(
  source: AiSdkProvider | LanguageModelV4 | EmbeddingModelV4,
  { name = nameOf(source) }: FromAiSdkOptions = {},
): Provider {
  return {
    name,
    protocols: 'doGenerate' in source ? [chat] : 'doEmbed' in source ? [embeddings] : [chat, embeddings],
    traits: () => ({}),
    missing: () => undefined,
    prepare(request) {
      const call = callOf(source, request)
      return {
        // Shown in no log, and asked by nobody.
        url: `ai-sdk://${encodeURIComponent(name)}`,
        method: 'POST',
        headers: {},
        body: '',
        transport: async (_, { signal }) => {
          const answer = call(signal ?? undefined)
          // Not every model heeds its `abortSignal`.
          const leave = () =>
            void answer.then(
              ({ body }) => body?.cancel(),
              () => {},
            )
          try {
            return await untilStopped(answer, signal ? { signal } : {}, leave)
          } catch (error) {
            // Why it was stopped, the stack knows.
            throw signal?.aborted ? error : await refusalOf(error)
          }
        },
      }
    },
  }
}

function nameOf(source: AiSdkProvider | LanguageModelV4 | EmbeddingModelV4): string {
  const { provider } = 'languageModel' in source ? anyModelOf(source) : source
  return /^[\w-]+/.exec(provider)?.[0] ?? 'ai-sdk'
}

/** A provider does not say what it is called, but its models do. Some have no model of a name that they do not know. */
function anyModelOf(source: AiSdkProvider): { readonly provider: string } {
  try {
    return source.languageModel('any')
  } catch {
    return { provider: '' }
  }
}

type Call = (signal: AbortSignal | undefined) => Promise<Response>

function callOf(source: AiSdkProvider | LanguageModelV4 | EmbeddingModelV4, request: WireRequest): Call {
  try {
    return request.protocol === chat ? languageCall(source, request) : embeddingCall(source, request)
  } catch (error) {
    throw failureOf(error)
  }
}

function languageCall(source: AiSdkProvider | LanguageModelV4 | EmbeddingModelV4, request: WireRequest): Call {
  const model = 'languageModel' in source ? source.languageModel(request.model) : source
  if (!('doGenerate' in model)) throw unsuited('generates no text')
  checkVersion(model)
  return async (signal) => {
    const options: LanguageModelV4CallOptions = {
      ...(request.body as unknown as LanguageModelV4CallOptions),
      prompt: revivedPrompt(request.body.prompt) as LanguageModelV4CallOptions['prompt'],
      headers: { ...request.headers },
      ...(signal && { abortSignal: signal }),
    }
    if (!request.stream) return answered(await model.doGenerate(options))
    const { stream, response } = await model.doStream(options)
    return new Response(stream.pipeThrough(framed(), signal && { signal }), { headers: headersOf(response, sse.contentType) })
  }
}

function embeddingCall(source: AiSdkProvider | LanguageModelV4 | EmbeddingModelV4, request: WireRequest): Call {
  const model = 'languageModel' in source ? source.embeddingModel?.(request.model) : source
  if (!model || !('doEmbed' in model)) throw unsuited('makes no embeddings')
  checkVersion(model)
  return async (signal) => {
    const options: EmbeddingModelV4CallOptions = {
      ...(request.body as unknown as EmbeddingModelV4CallOptions),
      headers: { ...request.headers },
      ...(signal && { abortSignal: signal }),
    }
    const { values } = options
    const most = Math.max(1, (await model.maxEmbeddingsPerCall) ?? values.length)
    let all = await model.doEmbed({ ...options, values: values.slice(0, most) })
    for (let at = most; at < values.length; at += most)
      all = joined(all, await model.doEmbed({ ...options, values: values.slice(at, at + most) }))
    return answered(all)
  }
}

/** What only some of the calls told is not what all of them took. */
function joined(before: EmbeddingModelV4Result, { usage, ...next }: EmbeddingModelV4Result): EmbeddingModelV4Result {
  return {
    ...next,
    embeddings: [...before.embeddings, ...next.embeddings],
    ...(before.usage && usage && { usage: { tokens: before.usage.tokens + usage.tokens } }),
    warnings: [...before.warnings, ...next.warnings],
  }
}

interface Answer {
  readonly request?: unknown
  readonly response?: { readonly headers?: Readonly<Record<string, string>> }
}

/** The bodies that went over its wire are of no use to anybody here. */
function answered({ request: _, response, ...answer }: Answer): Response {
  const told = plain({ ...answer, ...(response && { response: { ...response, headers: undefined, body: undefined } }) })
  return Response.json(told, { headers: headersOf(response, 'application/json') })
}

/** Those of its vendor. What is handed on here is another body. */
function headersOf(response: Answer['response'], contentType: string): Headers {
  const headers = new Headers(response?.headers)
  headers.delete('content-encoding')
  headers.delete('content-length')
  headers.set('content-type', contentType)
  return headers
}

function framed(): TransformStream<LanguageModelV4StreamPart, Uint8Array> {
  return new TransformStream({
    transform(part, controller) {
      const written = part.type === 'error' ? { type: 'error', error: writeError(failureOf(part.error)) } : plain(part)
      controller.enqueue(sse.frame({ data: JSON.stringify(written) }))
    },
  })
}

function unsuited(what: string): LeashError {
  return new LeashError('unsupported', `This model of the AI SDK ${what}. Choose another.`)
}

function checkVersion({ specificationVersion: version }: { readonly specificationVersion: string }): void {
  if (version === 'v4') return
  throw new LeashError(
    'unsupported',
    `This model follows specification ${version} of the AI SDK, and ours is v4. Update the model's package to the one for \`ai\` 7.`,
  )
}
