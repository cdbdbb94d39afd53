import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from '@langchain/core/language_models/base'
import {
  BaseChatModel,
  type BaseChatModelParams,
  type BindToolsInput,
  type LangSmithParams,
} from '@langchain/core/language_models/chat_models'
import type { ChatModelStreamEvent } from '@langchain/core/language_models/event'
import type { AIMessageChunk, BaseMessage, MessageContent } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'
import type { Runnable, RunnableConfig } from '@langchain/core/runnables'
import type { CallOptions } from '../../core/call.js'
import { asObject, asString, compact, type JsonObject } from '../../core/json.js'
import type { Leash, LeashInside, LeashOptions } from '../../open-leash.js'
import { protocolName } from '../../protocols/ai-sdk/wire.js'
import { estimateTokens } from '../../protocols/tokens.js'
import { opened } from '../opened.js'
import { messageOf } from './answer.js'
import { eventsOf } from './events.js'
import { promptOf } from './prompt.js'
import { type Answered, run } from './run.js'
import { bodyOf, type ChatLeashCallOptions, type ModelSettings, settingsIn } from './settings.js'
import { chunkOf, chunksOf, type Form } from './stream.js'
import { type Output, type OutputSchema, type Raw, type Structured, structured } from './structured.js'
import { toolsOf } from './tools.js'
import { usageOf } from './usage.js'

export type { ChatLeashCallOptions } from './settings.js'

/** LangChain's own retries and queue are left out: the leash has them. */
type Inherited = Omit<BaseChatModelParams, 'maxConcurrency' | 'onFailedAttempt' | 'maxRetries'>

export interface ChatLeashFields extends Inherited, ModelSettings {
  /** Any model that the leash can reach, or a route of yours. */
  readonly model: string
  /** One that there is already, or the options of a new one. Share one among models. @defaultValue a new one without options */
  readonly leash?: Leash | LeashOptions
  readonly stop?: readonly string[]
  /** What the stack is to know of each call: tenant, user, tags … A call's own `leash` comes before it. */
  readonly call?: CallOptions
}

/**
 * Every model as a chat model of LangChain's, with the stack around it.
 *
 * @example
 * const model = new ChatLeash({ model: 'claude-sonnet-5-5', leash: { fallback: ['gpt-4.1'] } })
 * const { text } = await model.invoke('Hello')
 */
export class ChatLeash extends BaseChatModel<ChatLeashCallOptions> {
  readonly model: string
  readonly #opened: LeashInside
  readonly #settings: ModelSettings
  readonly #stop: readonly string[] | undefined
  readonly #call: CallOptions

  constructor({ model, leash = {}, stop, call = {}, ...fields }: ChatLeashFields) {
    // LangChain keeps what it is given, and shows it: the leash, which holds keys, stays outside.
    super(fields)
    this.disableStreaming = fields.disableStreaming ?? false
    this.model = model
    this.#opened = opened(leash)
    this.#settings = settingsIn(fields)
    this.#stop = stop
    this.#call = call
  }

  static override lc_name(): string {
    return 'ChatLeash'
  }

  override _llmType(): string {
    return 'leash'
  }

  /** The leash that calls of this model are on: for events, budgets, usage. */
  get leash(): Leash {
    return this.#opened.leash
  }

  /** What LangChain's cache tells calls apart by; tenants among it. */
  override _identifyingParams(): Record<string, unknown> {
    return { model: this.model, ...this.#settings, stop: this.#stop, call: this.#call }
  }

  /** LangChain writes tools of its own without what they are: to its cache, all would be the same. */
  override _getSerializedCacheKeyParametersForCall(options: ChatLeashCallOptions & { config?: RunnableConfig }): string {
    const { tools, strict } = options
    return super._getSerializedCacheKeyParametersForCall(tools ? { ...options, tools: toolsOf(tools, strict) } : options)
  }

  /** What tracers are shown. */
  override invocationParams(options?: this['ParsedCallOptions']): Record<string, unknown> {
    const { tools, tool_choice, response_format, stop = this.#stop } = options ?? {}
    return { model: this.model, ...this.#settings, ...settingsIn(options ?? {}), tools, tool_choice, response_format, stop }
  }

  override getLsParams(options: this['ParsedCallOptions']): LangSmithParams {
    const { temperature, maxTokens } = { ...this.#settings, ...settingsIn(options) }
    return {
      ls_provider: 'leash',
      ls_model_name: this.model,
      ls_model_type: 'chat',
      ...compact({ ls_temperature: temperature, ls_max_tokens: maxTokens, ls_stop: options.stop }),
    }
  }

  /** LangChain's own way is to fetch the vocabulary of GPT-2 from the network, whoever's the model is. */
  override async getNumTokens(content: MessageContent): Promise<number> {
    const texts = typeof content === 'string' ? [content] : content.map(({ text }) => asString(text) ?? '')
    return estimateTokens(texts.join(''))
  }

  override bindTools(
    tools: BindToolsInput[],
    options: Partial<ChatLeashCallOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, ChatLeashCallOptions> {
    return this.withConfig({ ...options, tools })
  }

  override withStructuredOutput<Out extends Output = Output>(
    schema: OutputSchema<Out>,
    config?: StructuredOutputMethodOptions<false>,
  ): Structured<Out>
  override withStructuredOutput<Out extends Output = Output>(
    schema: OutputSchema<Out>,
    config: StructuredOutputMethodOptions<true>,
  ): Structured<Raw<Out>>
  override withStructuredOutput<Out extends Output>(
    schema: OutputSchema<Out>,
    config: StructuredOutputMethodOptions<boolean> = {},
  ): Structured<Out> | Structured<Raw<Out>> {
    return structured(schema, config, (options) => this.withConfig(options))
  }

  override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']): Promise<ChatResult> {
    const { report, result } = await this.#ask(messages, options, false)
    const body = result.stream ? undefined : result.body
    const message = messageOf(body, report, this.#formOf(options).refusals)
    const usage = usageOf(asObject(body).usage)
    return {
      generations: [{ text: message.text, message }],
      ...(usage && {
        llmOutput: {
          tokenUsage: {
            promptTokens: usage.input_tokens,
            completionTokens: usage.output_tokens,
            totalTokens: usage.total_tokens,
          },
        },
      }),
    }
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const { report, result } = await this.#ask(messages, options, true)
    const form = this.#formOf(options)
    // A layer may answer by itself, and whole.
    const chunks = result.stream ? chunksOf(result.body, report, form) : [chunkOf(result.body, report, form.refusals)]
    for await (const message of chunks) {
      const chunk = new ChatGenerationChunk({ text: message.text, message })
      yield chunk
      await runManager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk })
    }
  }

  /** Of these LangGraph makes the messages of an agent that tells of every step. */
  override async *_streamChatModelEvents(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatModelStreamEvent> {
    yield* eventsOf(this._streamResponseChunks(messages, { ...options, outputVersion: 'v1' }, runManager), options.signal)
  }

  #formOf({ outputVersion = this.outputVersion, ls_structured_output_format }: this['ParsedCallOptions']): Form {
    const inBlocks = outputVersion === 'v1'
    return { inBlocks, refusals: inBlocks || ls_structured_output_format !== undefined }
  }

  async #ask(messages: BaseMessage[], options: this['ParsedCallOptions'], stream: boolean): Promise<Answered> {
    const { tools, tool_choice, strict, response_format, maxRetries, leash, signal } = options
    const stop = options.stop ?? (this.#stop && [...this.#stop])
    const settings = { ...this.#settings, ...settingsIn(options) }
    const asked = bodyOf(settings, compact({ tools, tool_choice, strict, response_format, stop }))
    const body: JsonObject = { prompt: promptOf(messages), ...asked }
    const call: CallOptions = { ...this.#call, ...(maxRetries !== undefined && { maxRetries }), ...leash }
    return run(this.#opened.engine, { protocol: protocolName, model: this.model, body, options: call, stream, signal })
  }
}
