/** What the compiler knows of the AI SDK on a leash. The types are checked by `tsc`. */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import {
  createProviderRegistry,
  customProvider,
  type EmbeddingModel,
  embed,
  generateText,
  type LanguageModel,
  type LanguageModelMiddleware,
  Output,
  streamText,
  type UIMessage,
  type UIMessageStreamOptions,
  wrapLanguageModel,
} from 'ai'
import {
  type AiSdkProvider,
  createLeashProvider,
  fromAiSdk,
  type LeashEmbeddingOptions,
  type LeashProvider,
  type LeashProviderOptions,
  leashMiddleware,
  reportIn,
} from 'leashllm/ai-sdk'
import { createLeash, type Leash, type LeashOptions, type Report } from 'leashllm/leash'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'

test('its models go where the AI SDK takes models', () => {
  expectTypeOf<ReturnType<LeashProvider>>().toExtend<LanguageModel>()
  expectTypeOf<ReturnType<LeashProvider['embeddingModel']>>().toExtend<EmbeddingModel>()
  expectTypeOf<LeashProvider['leash']>().toEqualTypeOf<Leash>()
  expectTypeOf(createLeashProvider).parameter(0).toEqualTypeOf<Leash | LeashOptions | undefined>()
  const among = (leash: LeashProvider) => createProviderRegistry({ leash }).languageModel('leash:claude-sonnet-5-5')
  expectTypeOf(among).returns.toExtend<LanguageModel>()
})

test('answers keep the AI SDK’s types, and have a report of ours', () => {
  const schema = z.object({ city: z.string() })
  const ask = async (leash: LeashProvider) => {
    const { output, finalStep } = await generateText({
      model: leash('claude-sonnet-5-5'),
      prompt: 'Invent a city.',
      output: Output.object({ schema }),
      providerOptions: { leash: { tenant: 'acme', tags: { app: 'a' }, fallback: ['gpt-4.1'] } satisfies LeashProviderOptions },
    })
    return { output, report: reportIn(finalStep) }
  }
  expectTypeOf(ask).returns.resolves.toEqualTypeOf<{ output: { city: string }; report: Report | undefined }>()
  const search = async (leash: LeashProvider) =>
    embed({
      model: leash.embeddingModel('gemini-embedding-001'),
      value: 'rivers',
      providerOptions: { leash: { task: 'RETRIEVAL_QUERY' } satisfies LeashEmbeddingOptions },
    })
  expectTypeOf(async (leash: LeashProvider) => reportIn(await search(leash))).returns.resolves.toEqualTypeOf<Report | undefined>()
})

test('a report is read from the steps of a chat', () => {
  const shown: UIMessageStreamOptions<UIMessage>['messageMetadata'] = ({ part }) =>
    part.type === 'finish-step' ? { usd: reportIn(part)?.cost?.usd } : undefined
  expectTypeOf(shown).not.toBeUndefined()
  const route = (leash: LeashProvider) =>
    streamText({ model: leash('gpt-4.1'), prompt: 'Hello' }).toUIMessageStreamResponse({ messageMetadata: shown })
  expectTypeOf(route).returns.toEqualTypeOf<Response>()
})

test('the AI SDK’s own providers go on a leash, from within and from without', () => {
  expectTypeOf(leashMiddleware).returns.toExtend<LanguageModelMiddleware>()
  const wrapped = () => wrapLanguageModel({ model: createAnthropic()('claude-sonnet-5-5'), middleware: leashMiddleware() })
  expectTypeOf(wrapped).returns.toExtend<LanguageModel>()
  expectTypeOf<ReturnType<typeof createAnthropic>>().toExtend<AiSdkProvider>()
  const behind = () =>
    createLeash({
      providers: {
        claude: fromAiSdk(createAnthropic()),
        gemini: fromAiSdk(createGoogleGenerativeAI(), { name: 'google' }),
        gpt: fromAiSdk(createOpenAI().chat('gpt-4.1')),
        vectors: fromAiSdk(createOpenAI().embeddingModel('text-embedding-3-small')),
        mine: fromAiSdk(customProvider({ fallbackProvider: createOpenAI() })),
      },
    })
  expectTypeOf(behind).returns.toEqualTypeOf<Leash>()
})

test('what makes no sense does not compile', () => {
  const wrong = (leash: LeashProvider) => [
    // @ts-expect-error A model has a name.
    leash(),
    // @ts-expect-error No such option of the stack.
    createLeashProvider({ retries: 3 }),
    // @ts-expect-error No such option of a call.
    { tenantId: 'acme' } satisfies LeashProviderOptions,
    // @ts-expect-error A model that draws is none of ours.
    fromAiSdk(createOpenAI().imageModel('gpt-image-1')),
    // @ts-expect-error Such a model writes, and embeds nothing.
    embed({ model: leash('gpt-4.1'), value: 'rivers' }),
  ]
  expectTypeOf(wrong).toBeFunction()
})
