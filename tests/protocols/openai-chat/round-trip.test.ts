/** What the neutral model can say and Chat Completions has words for survives the way there and back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect, replay } from '../../../src/core/events.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { AssistantPart, ChatRequest, ChatResponse, Message, UserPart } from '../../../src/core/message.js'
import { usageOf } from '../../../src/core/usage.js'
import { answer, decoded, downstream, encoded, events, sseOf } from './kit.js'

const said = fc.string({ minLength: 1, unit: 'binary' })
const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/)
const base64 = fc.base64String({ minLength: 4 })
const maybe = <T extends object>(value: fc.Arbitrary<T>): fc.Arbitrary<T | Record<string, never>> =>
  fc.oneof(value, fc.constant({}))
const cache = maybe(fc.record({ cache: fc.constantFrom({}, { ttl: '5m' as const }, { ttl: '1h' as const }) }))
const text = fc
  .tuple(fc.record({ type: fc.constant('text' as const), text: said }), cache)
  .map(([part, hint]) => ({ ...part, ...hint }))
const bytes = (mediaType: fc.Arbitrary<string>) => fc.record({ kind: fc.constant('base64' as const), data: base64, mediaType })
const url = fc.record({ kind: fc.constant('url' as const), url: fc.webUrl() })

const userPart: fc.Arbitrary<UserPart> = fc.oneof(
  text,
  fc
    .tuple(
      fc.oneof(url, bytes(fc.constantFrom('image/png', 'image/jpeg'))),
      maybe(fc.record({ detail: fc.constantFrom('low', 'auto', 'high') })),
      cache,
    )
    .map(([source, detail, hint]) => ({ type: 'image' as const, source, ...detail, ...hint })),
  bytes(fc.constantFrom('audio/wav', 'audio/mpeg')).map((source) => ({ type: 'audio' as const, source })),
  fc
    .tuple(bytes(fc.constantFrom('application/pdf', 'text/csv')), maybe(fc.record({ name: word })), cache)
    .map(([source, name, hint]) => ({ type: 'file' as const, source, mediaType: source.mediaType, ...name, ...hint })),
  fc.tuple(word, cache).map(([id, hint]) => ({ type: 'file' as const, source: { kind: 'file-id' as const, id }, ...hint })),
)

const claude = fc.record({ format: fc.constant('anthropic-claude-v1' as const), value: base64 })
const openai = fc.record({ format: fc.constant('openai-responses-v1' as const), value: base64 })
const google = fc.record({ format: fc.constant('google-gemini-v1' as const), value: base64 })
const reasoning: fc.Arbitrary<AssistantPart> = fc.oneof(
  fc.tuple(fc.string(), claude).map(([thought, signature]) => ({ type: 'reasoning' as const, text: thought, signature })),
  claude.map((signature) => ({ type: 'reasoning' as const, text: '', redacted: true, signature })),
  fc
    .tuple(said, word, openai)
    .map(([thought, id, signature]) => ({ type: 'reasoning' as const, text: thought, summary: true, id, signature })),
  fc.tuple(word, openai).map(([id, signature]) => ({ type: 'reasoning' as const, text: '', id, signature })),
  fc.tuple(said, google).map(([thought, signature]) => ({ type: 'reasoning' as const, text: thought, signature })),
)

const given = fc.dictionary(word, fc.oneof(fc.string(), fc.integer(), fc.boolean())).map((each) => JSON.stringify(each))
const call = fc
  .tuple(word, given, maybe(fc.record({ signature: google })), cache)
  .map(([name, args, signature, hint]) => ({ type: 'tool-call' as const, name, arguments: args, ...signature, ...hint }))

/** In the order of the wire: thinking, text, refusal, calls; ids are given later, each its own. */
const assistant = fc.record({
  thoughts: fc.array(reasoning, { maxLength: 3 }),
  texts: fc.array(text, { maxLength: 2 }),
  refusals: fc.array(
    said.map((refusal) => ({ type: 'refusal' as const, text: refusal })),
    { maxLength: 1 },
  ),
  calls: fc.array(call, { maxLength: 3 }),
})
const turn = fc.tuple(
  fc.array(text, { minLength: 1, maxLength: 2 }),
  fc.array(userPart, { minLength: 1, maxLength: 4 }),
  assistant,
  fc.array(fc.tuple(fc.array(text, { maxLength: 2 }), cache), { minLength: 3, maxLength: 3 }),
)

const conversation = fc.array(turn, { minLength: 1, maxLength: 3 }).map((turns) =>
  turns.flatMap(([system, user, { thoughts, texts, refusals, calls }, results], at): Message[] => {
    const named = calls.map((each, index) => ({ ...each, id: `call_${at}_${index}` }))
    const answers = named.map(({ id, name }, index) => {
      const [content = [], hint = {}] = results[index] ?? []
      return { type: 'tool-result' as const, id, name, content, ...hint }
    })
    return [
      { role: 'system', content: system },
      { role: 'user', content: user },
      { role: 'assistant', content: [...thoughts, ...texts, ...refusals, ...named] },
      ...(answers.length > 0 ? [{ role: 'tool' as const, content: answers }] : []),
    ]
  }),
)

/** Words that mean nothing to anybody, in an object that OpenAI takes. */
const schema = fc
  .dictionary(word, fc.oneof(word, fc.boolean(), fc.array(word)))
  .map((words): JsonObject => ({ ...words, type: 'object', additionalProperties: false }))
const request: fc.Arbitrary<ChatRequest> = fc
  .tuple(
    conversation,
    fc.record(
      {
        tools: fc.array(
          fc
            .tuple(
              fc.record({ name: word }),
              maybe(fc.record({ description: fc.string(), parameters: schema, strict: fc.boolean() })),
              cache,
            )
            .map(([tool, rest, hint]) => ({ ...tool, ...rest, ...hint })),
          { minLength: 1 },
        ),
        responseFormat: fc.oneof(
          // JSON without a schema is asked for in words too.
          fc.constant({ type: 'text' as const }),
          fc.record({ type: fc.constant('json-schema' as const), name: word, schema }),
        ),
        reasoning: fc.record({ effort: fc.constantFrom('none' as const, 'low' as const, 'max' as const) }),
        maxTokens: fc.nat(),
        temperature: fc.double({ min: 0, max: 2, noNaN: true }).filter((value) => !Object.is(value, -0)),
        topP: fc.double({ min: 0, max: 1, noNaN: true }).filter((value) => !Object.is(value, -0)),
        stop: fc.array(said, { minLength: 1, maxLength: 4 }),
        seed: fc.integer(),
        logitBias: fc.dictionary(word, fc.integer()),
        logprobs: fc.boolean(),
        topLogprobs: fc.nat(),
        n: fc.integer({ min: 1, max: 4 }),
        user: word,
        metadata: fc.dictionary(word, fc.string()),
        serviceTier: fc.constantFrom('auto', 'default', 'flex', 'priority'),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        toolChoice: fc.oneof(
          fc.constantFrom({ type: 'auto' as const }, { type: 'none' as const }, { type: 'required' as const }),
          word.map((name) => ({ type: 'tool' as const, name })),
          fc.record({
            type: fc.constant('allowed' as const),
            names: fc.array(word, { minLength: 1 }),
            mode: fc.constantFrom('auto' as const, 'required' as const),
          }),
        ),
        parallelToolCalls: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([messages, rest, choice]) => ({ messages, ...rest, ...(rest.tools && choice) }))

const json = (value: unknown) => JSON.parse(JSON.stringify(value))

test('a request keeps everything, and reports nothing', () => {
  fc.assert(
    fc.property(request, (asked) => {
      const { body, losses } = encoded(asked, { supportsPrefill: true })
      expect(losses).toEqual([])
      const again = decoded(json(body))
      expect(again.losses).toEqual([])
      expect(again.request).toEqual(json(asked))
    }),
    { numRuns: 300 },
  )
})

test('the same request has the same bytes, each time and after a trip', () => {
  fc.assert(
    fc.property(request, (asked) => {
      const once = JSON.stringify(encoded(asked).body)
      expect(JSON.stringify(encoded(asked).body)).toBe(once)
      expect(JSON.stringify(encoded(decoded(json(encoded(asked).body)).request).body)).toBe(once)
    }),
  )
})

/** One text at most, as the wire has it, and thinking that a stream can tell apart: one block, unsigned. */
const answered = fc
  .tuple(assistant, fc.constantFrom('length' as const, 'content-filter' as const))
  .map(([{ thoughts, texts, refusals, calls }, finishReason]): ChatResponse['choices'][0] => ({
    content: [
      ...thoughts,
      ...texts.slice(0, 1).map(({ type, text: words }) => ({ type, text: words })),
      ...refusals,
      ...calls.map(({ cache: _, ...each }: (typeof calls)[0] & { cache?: unknown }, index) => ({ ...each, id: `call_${index}` })),
    ],
    finishReason,
  }))

const usage = usageOf({ input: 1, cacheRead: 2, output: 3, reasoning: 4 })
const response = (choices: ChatResponse['choices']): ChatResponse => ({
  id: 'x',
  model: 'm',
  created: 1,
  choices,
  usage,
  serviceTier: 'default',
})

test('a whole answer keeps everything', () => {
  fc.assert(
    fc.property(fc.array(answered, { minLength: 1, maxLength: 3 }), (choices) => {
      expect(answer(json(downstream.encodeResponse(response(choices), { messages: [] })))).toEqual(json(response(choices)))
    }),
    { numRuns: 300 },
  )
})

test('a streamed answer keeps every text, call and reason', () => {
  const plain = (parts: readonly AssistantPart[]) => parts.filter(({ type }) => type !== 'reasoning')
  const thoughts = (parts: readonly AssistantPart[]) => parts.filter((part) => part.type === 'reasoning' && part.text !== '')
  const thinking = (parts: readonly AssistantPart[]) =>
    thoughts(parts)
      .map((part, index) => (index > 0 && 'summary' in part ? '\n\n' : '') + ('text' in part ? part.text : ''))
      .join('')
  fc.assert(
    fc.property(answered, fc.integer({ min: 1, max: 50 }), (choice, size) => {
      const asked = { messages: [], includeUsage: true }
      const read = collect(events(sseOf([...replay(response([choice]))], asked), size))
      const [again] = read.choices
      expect(plain(again?.content ?? [])).toEqual(json(plain(choice.content)))
      expect(thinking(again?.content ?? [])).toBe(thinking(choice.content))
      expect(again?.finishReason).toBe(choice.finishReason)
      expect(read).toMatchObject({ id: 'x', model: 'm', created: 1, usage, serviceTier: 'default' })
    }),
    { numRuns: 300 },
  )
})
