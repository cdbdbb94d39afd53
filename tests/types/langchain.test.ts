/** What the compiler knows of LangChain's classes on a leash. The types are checked by `tsc`. */
import type { Embeddings } from '@langchain/core/embeddings'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { AIMessageChunk, BaseMessage } from '@langchain/core/messages'
import { ChatLeash, LeashEmbeddings, reportIn } from 'leashllm/langchain'
import type { Leash, Report } from 'leashllm/leash'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'

test('they go where LangChain takes its own', () => {
  expectTypeOf<ChatLeash>().toExtend<BaseChatModel>()
  expectTypeOf<LeashEmbeddings>().toExtend<Embeddings>()
  expectTypeOf<ChatLeash['leash']>().toEqualTypeOf<Leash>()
})

test('answers have LangChain’s types, and a report of ours', () => {
  const ask = (model: ChatLeash) => model.invoke('Hello', { leash: { tenant: 'acme' }, temperature: 0.5, tool_choice: 'any' })
  expectTypeOf(ask).returns.resolves.toEqualTypeOf<AIMessageChunk>()
  expectTypeOf(reportIn).toEqualTypeOf<(message: BaseMessage) => Report | undefined>()
})

test('structured output has the type of its schema', () => {
  const person = z.object({ name: z.string(), age: z.number() })
  const plain = (model: ChatLeash) => model.withStructuredOutput(person).invoke('Invent.')
  expectTypeOf(plain).returns.resolves.toEqualTypeOf<{ name: string; age: number }>()
  const raw = (model: ChatLeash) => model.withStructuredOutput(person, { includeRaw: true }).invoke('Invent.')
  expectTypeOf(raw).returns.resolves.toEqualTypeOf<{ raw: BaseMessage; parsed: { name: string; age: number } }>()
})

test('what makes no sense does not compile', () => {
  const wrong = (model: ChatLeash) => [
    // @ts-expect-error A model has a name.
    new ChatLeash({}),
    // @ts-expect-error The leash retries.
    new ChatLeash({ model: 'x', maxRetries: 3 }),
    // @ts-expect-error No such option of the stack.
    model.invoke('Hello', { leash: { tenantId: 'acme' } }),
    // @ts-expect-error A model has a name.
    new LeashEmbeddings({ dimensions: 3 }),
  ]
  expectTypeOf(wrong).toBeFunction()
})
