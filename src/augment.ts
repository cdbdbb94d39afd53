/** Teaches OpenAI's own types the `leash` option of a call and the `leash` report on its answer. */
import type OpenAI from 'openai'
import type { APIPromise } from 'openai/core/api-promise'
import type { Stream } from 'openai/core/streaming'
import type * as Chat from 'openai/resources/chat/completions/completions'
import type * as Embed from 'openai/resources/embeddings'
import type * as Answers from 'openai/resources/responses/responses'
import type { CallOptions, Report } from './core/call.js'

/** OpenAI's options of one request, and the leash's beside them. */
export type LeashRequestOptions = OpenAI.RequestOptions & { leash?: CallOptions }

declare module 'openai/resources/chat/completions/completions' {
  interface ChatCompletion {
    /** What happened to this call. Present on answers of a leashed client; not enumerable. */
    readonly leash?: Report
  }
  interface Completions {
    create(body: Chat.ChatCompletionCreateParamsNonStreaming, options?: LeashRequestOptions): APIPromise<Chat.ChatCompletion>
    create(
      body: Chat.ChatCompletionCreateParamsStreaming,
      options?: LeashRequestOptions,
    ): APIPromise<Stream<Chat.ChatCompletionChunk>>
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
