/** Teaches OpenAI's own types the `leash` option of a call and the `leash` report on its answer. */
import type OpenAI from 'openai'
import type { APIPromise } from 'openai/core/api-promise'
import type { Stream } from 'openai/core/streaming'
import type { ChatCompletionStream, ChatCompletionStreamParams } from 'openai/lib/ChatCompletionStream'
import type { ExtractParsedContentFromParams } from 'openai/lib/parser'
import type * as Parsing from 'openai/lib/ResponsesParser'
import type { ResponseStream, ResponseStreamParams } from 'openai/lib/responses/ResponseStream'
import type * as Chat from 'openai/resources/chat/completions/completions'
import type * as Embed from 'openai/resources/embeddings'
import type * as Answers from 'openai/resources/responses/responses'
import type { CallOptions, CostSoFar, Report } from './core/call.js'

/** OpenAI's options of one request, and the leash's beside them. */
export type LeashRequestOptions = OpenAI.RequestOptions & { leash?: CallOptions | undefined }

declare module 'openai/resources/chat/completions/completions' {
  interface ChatCompletion {
    /** What happened to this call. Present on answers of a leashed client; not enumerable. */
    readonly leash?: Report
  }
  interface ChatCompletionChunk {
    /** Present when the call asked for it: `{ leash: { costs: true } }`. */
    readonly leash?: { readonly cost: CostSoFar }
  }
  interface Completions {
    create(body: Chat.ChatCompletionCreateParamsNonStreaming, options?: LeashRequestOptions): APIPromise<Chat.ChatCompletion>
    create(
      body: Chat.ChatCompletionCreateParamsStreaming,
      options?: LeashRequestOptions,
    ): APIPromise<Stream<Chat.ChatCompletionChunk>>
    create(
      body: Chat.ChatCompletionCreateParams,
      options?: LeashRequestOptions,
    ): APIPromise<Stream<Chat.ChatCompletionChunk> | Chat.ChatCompletion>
    parse<Params extends Chat.ChatCompletionParseParams, Parsed = ExtractParsedContentFromParams<Params>>(
      body: Params,
      options?: LeashRequestOptions,
    ): APIPromise<Chat.ParsedChatCompletion<Parsed>>
    stream<Params extends ChatCompletionStreamParams, Parsed = ExtractParsedContentFromParams<Params>>(
      body: Params,
      options?: LeashRequestOptions,
    ): ChatCompletionStream<Parsed>
  }
}

declare module 'openai/lib/AbstractChatCompletionRunner' {
  /** Of `runTools()`. */
  interface RunnerOptions {
    leash?: CallOptions | undefined
  }
}

declare module 'openai/resources/responses/responses' {
  interface Response {
    readonly leash?: Report
  }
  interface Responses {
    create(body: Answers.ResponseCreateParamsNonStreaming, options?: LeashRequestOptions): APIPromise<Answers.Response>
    create(
      body: Answers.ResponseCreateParamsStreaming,
      options?: LeashRequestOptions,
    ): APIPromise<Stream<Answers.ResponseStreamEvent>>
    create(
      body: Answers.ResponseCreateParams,
      options?: LeashRequestOptions,
    ): APIPromise<Stream<Answers.ResponseStreamEvent> | Answers.Response>
    parse<Params extends Parsing.ResponseCreateParamsWithTools, Parsed = Parsing.ExtractParsedContentFromParams<Params>>(
      body: Params,
      options?: LeashRequestOptions,
    ): APIPromise<Answers.ParsedResponse<Parsed>>
    stream<Params extends ResponseStreamParams, Parsed = Parsing.ExtractParsedContentFromParams<Params>>(
      body: Params,
      options?: LeashRequestOptions,
    ): ResponseStream<Parsed>
  }
}

declare module 'openai/resources/embeddings' {
  interface CreateEmbeddingResponse {
    readonly leash?: Report
  }
  interface Embeddings {
    create(body: Embed.EmbeddingCreateParams, options?: LeashRequestOptions): APIPromise<Embed.CreateEmbeddingResponse>
  }
}

declare module 'openai/core/error' {
  interface APIError {
    /** What happened to the call that failed. Present on failures of a leashed client; not enumerable. */
    readonly leash?: Report
  }
}
