/** Whole numbers that JavaScript's cannot hold, on their way through every lane: as bytes on a socket, and as vendors' SDKs read them. */
import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import type OpenAI from 'openai'
import { describe, expect, test, vi } from 'vitest'
import { parseExact } from '../../src/core/exact-json.js'
import { createLeash, LeashLLM, type LeashOptions } from '../../src/index.js'
import { defineModule } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { serveRecorded } from '../helpers/recorded.js'

const mock = useMock()

/** A snowflake beyond 2^64, the least 64-bit number, one that is safe, and one in a text. */
const args = '{"id":12345678901234567890,"at":[-9223372036854775808,7],"safe":1234567890123456,"note":"9007199254740993"}'
const tools = [{ type: 'function' as const, function: { name: 'find' } }]

const whole = { status: 200, headers: { 'content-type': 'application/json' } }

const history = (text: string): OpenAI.ChatCompletionMessageParam[] => [
  { role: 'user', content: 'Find it.' },
  { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'find', arguments: text } }] },
  { role: 'tool', tool_call_id: 'call_1', content: 'found' },
]

const claudeHistory = (input: string) =>
  `[{"role":"user","content":"Find it for ada@example.com."},{"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"find","input":${input}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"found"}]}]`
const claudeAnswer = (input: string) => `{"id":"msg_1","type":"message","role":"assistant","model":"claude",
  "content":[{"type":"tool_use","id":"call_1","name":"find","input":${input}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`
const geminiAnswer = (input: string) =>
  `{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"find","args":${input}}}]},"finishReason":"STOP","index":0}]}`
const bedrockAnswer = (input: string) =>
  `{"output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"call_1","name":"find","input":${input}}}]}},"stopReason":"tool_use"}`
const openaiAnswer = (text: string) =>
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    model: 'gpt-4o-mini',
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'find', arguments: text } }],
        },
      },
    ],
  })

function post(path: string, body: string, options: LeashOptions = {}): Promise<string> {
  const leash = createLeash({ providers: mockProviders(mock.url), ...options })
  return leash.handle(new Request(`http://host${path}`, { method: 'POST', body })).then((response) => response.text())
}

const models = ['anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash', 'bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0']

test.each(models)('arguments in the history go to %s with all their digits', async (model) => {
  const client = new LeashLLM({ providers: mockProviders(mock.url) })
  await client.chat.completions.create({ model, messages: history(args), tools })
  expect(mock.requests[0]?.text).toContain(args)
})

test.each([
  ['anthropic/claude-haiku-4-5', claudeAnswer],
  ['google/gemini-2.5-flash', geminiAnswer],
  ['bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0', bedrockAnswer],
])('arguments in an answer of %s come with all their digits', async (model, answer) => {
  mock.script({ ...whole, body: answer(args) })
  const client = new LeashLLM({ providers: mockProviders(mock.url) })
  const { choices } = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Find it.' }], tools })
  expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'find', arguments: args } }])
})

test.each([
  ['google/gemini-2.5-flash', [`data: ${geminiAnswer(args)}`]],
  [
    'anthropic/claude-haiku-4-5',
    [
      'data: {"type":"message_start","message":{"id":"msg_1","usage":{}}}',
      'data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"call_1","name":"find","input":{}}}',
      `data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":${JSON.stringify(args)}}}`,
      'data: {"type":"content_block_stop","index":0}',
      'data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{}}',
      'data: {"type":"message_stop"}',
    ],
  ],
])('arguments in a stream of %s come with all their digits, byte by byte', async (model, events) => {
  const body = Buffer.from(events.map((event) => `${event}\n\n`).join(''))
  await using server = await serveRecorded({ status: 200, headers: { 'content-type': 'text/event-stream' }, body, pieces: 1 })
  const client = new LeashLLM({ providers: mockProviders(server.url) })
  const stream = client.chat.completions.stream({ model, messages: [{ role: 'user', content: 'Find it.' }], tools })
  const { choices } = await stream.finalChatCompletion()
  expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { arguments: args } }])
})

describe('over HTTP', () => {
  const body = (model: string) => `{"model":"${model}","max_tokens":99,"messages":${claudeHistory(args)},
    "tools":[{"name":"find","input_schema":{"type":"object","properties":{"id":{"type":"integer","maximum":18446744073709551615}}}}]}`

  test('a request of Messages reaches Chat Completions with all digits, and the answer comes with them', async () => {
    mock.script({ ...whole, body: openaiAnswer(args) })
    expect(await post('/v1/messages', body('openai/gpt-4o-mini'))).toContain(`"input":${args}`)
    expect(mock.requests[0]?.text).toContain(JSON.stringify(args))
    expect(mock.requests[0]?.text).toContain('"maximum":18446744073709551615}')
  })

  test('a request that passes through keeps them, also where it and its answer are redacted', async () => {
    mock.script({ ...whole, body: claudeAnswer(args.replace('9007199254740993', '<EMAIL_1>')) })
    const answer = await post('/v1/messages', body('anthropic/claude-haiku-4-5'), { redact: { entities: ['EMAIL_ADDRESS'] } })
    expect(mock.requests[0]?.text).toContain(args)
    expect(mock.requests[0]?.text).toContain('"maximum":18446744073709551615}')
    expect(mock.requests[0]?.text).not.toContain('ada@example.com')
    expect(answer).toContain(args.replace('9007199254740993', 'ada@example.com'))
  })

  test('a stream of Gemini that comes as one list keeps them where it is redacted', async () => {
    mock.script({ ...whole, body: `[${geminiAnswer(args.replace('9007199254740993', '<EMAIL_1>'))}]` })
    const contents = '[{"role":"user","parts":[{"text":"Find it for ada@example.com."}]}]'
    const path = '/v1beta/models/google%2Fgemini-2.5-flash:streamGenerateContent'
    const answer = await post(path, `{"contents":${contents}}`, { redact: { entities: ['EMAIL_ADDRESS'] } })
    expect(answer).toContain(args.replace('9007199254740993', 'ada@example.com'))
  })

  test.each(['Order: 12345678901234567890', '{"id":12345678901234567890}'])(
    'an answer that does not call itself JSON is left as it is: %s',
    async (text) => {
      mock.script({ status: 200, headers: { 'content-type': 'text/plain' }, body: text })
      expect(await post('/v1/messages', body('anthropic/claude-haiku-4-5'), { redact: { entities: ['EMAIL_ADDRESS'] } })).toBe(
        text,
      )
    },
  )

  test('calls and results of Gemini keep them on the way to Messages', async () => {
    const contents = `[{"role":"user","parts":[{"text":"Find it."}]},{"role":"model","parts":[{"functionCall":{"name":"find","args":${args}}}]},
      {"role":"user","parts":[{"functionResponse":{"name":"find","response":{"row":${args}}}}]}]`
    mock.script({ ...whole, body: claudeAnswer(args) })
    const answer = await post('/v1beta/models/anthropic%2Fclaude-haiku-4-5:generateContent', `{"contents":${contents}}`)
    expect(answer).toContain(`"args":${args}`)
    expect(mock.requests[0]?.text).toContain(`"input":${args}`)
    expect(mock.requests[0]?.text).toContain(JSON.stringify(`{"row":${args}}`))
  })

  test('a setting of so many digits is a number all the same', async () => {
    await post(
      '/v1/chat/completions',
      '{"model":"anthropic/claude-haiku-4-5","messages":[{"role":"user","content":"Hi"}],"max_tokens":9223372036854775807}',
    )
    expect(mock.requests[0]?.body).toMatchObject({ max_tokens: expect.any(Number) })
  })

  test('a module sees numbers as JavaScript has them', async () => {
    const seen: unknown[] = []
    const look = defineModule({
      name: 'look',
      version: '1.0.0',
      kind: 'inspector',
      request: ({ body }) => {
        seen.push(body.messages)
      },
    })
    await post('/v1/messages', body('anthropic/claude-haiku-4-5'), { modules: [look] })
    expect(seen).toMatchObject([[{}, { content: [{ input: JSON.parse(args) }] }, {}]])
    expect(mock.requests[0]?.text).toContain(args)
  })
})

test("an SDK in the process gets JavaScript's numbers, as from its vendor", async () => {
  mock.script({ ...whole, body: openaiAnswer(args) })
  const leash = createLeash({ providers: mockProviders(mock.url) })
  const client = leash.wrap(new Anthropic({ apiKey: 'own', baseURL: mock.url, logLevel: 'off' }))
  const { content } = await client.messages.create({
    model: 'openai/gpt-4o-mini',
    max_tokens: 99,
    messages: [{ role: 'user', content: 'Find it.' }],
  })
  expect(content).toMatchObject([{ input: JSON.parse(args) }])
})

test('callers who share an answer all get its digits', async () => {
  mock.script({ ...whole, body: openaiAnswer(args), latencyMs: 50 })
  const leash = createLeash({ providers: mockProviders(mock.url), coalesce: true })
  const body = '{"model":"openai/gpt-4o-mini","max_tokens":9,"messages":[{"role":"user","content":"Find it."}]}'
  const ask = () => leash.handle(new Request('http://host/v1/messages', { method: 'POST', body })).then((answer) => answer.text())
  for (const answer of await Promise.all([ask(), ask()])) expect(answer).toContain(args)
  expect(mock.requests).toHaveLength(1)
})

describe('parseExact', () => {
  test('reads JSON as JSON.parse does, and writes whole numbers as they came', () => {
    const integer = fc.bigInt().map(String)
    const json = fc
      .tuple(fc.json(), integer, fc.nat(40))
      .map(([json, number, pad]) => `${' '.repeat(pad)}{"a":${json},"n":[${number}]}`)
    fc.assert(
      fc.property(json, (text) => {
        expect(JSON.parse(JSON.stringify(parseExact(text)))).toEqual(JSON.parse(JSON.stringify(JSON.parse(text))))
        expect(JSON.stringify(parseExact(text))).toContain(/"n":\[.*$/.exec(text)?.[0])
      }),
    )
  })

  test('leaves every other number, and digits in a text, to JavaScript', () => {
    const text =
      '{"a":1.0,"b":0.12345678901234567890,"c":1e400,"d":"12345678901234567890","e":9007199254740991,"f":10000000000000000}'
    expect(parseExact(text)).toEqual(JSON.parse(text))
  })

  test('takes a string for no number, and what is no JSON for none, however it is written', () => {
    const string = fc.string({ unit: fc.constantFrom('"', '\\', '12345678901234567890', ',', ' ') })
    fc.assert(
      fc.property(string, string, (one, other) => {
        const text = JSON.stringify({ [one]: [12345678901234567890n.toString(), other], n: [one] }).slice(0, -1)
        expect(JSON.stringify(parseExact(`${text},"x":-12345678901234567890}`))).toBe(`${text},"x":-12345678901234567890}`)
      }),
    )
    const none = [
      '{12345678901234567890:1}',
      '{"a":1,12345678901234567890:1}',
      '[012345678901234567890]',
      '[12345678901234567890"a"]',
    ]
    expect(none.map(parseExact)).toEqual(none.map(() => undefined))
  })

  test('asks for no text of each of the values beside one', () => {
    const parse = vi.spyOn(JSON, 'parse')
    try {
      const text = `[12345678901234567890${',1'.repeat(1000)}]`
      expect(JSON.stringify(parseExact(text))).toBe(text)
      expect(parse.mock.calls.map((given) => given.length)).toEqual([1])
    } finally {
      parse.mockRestore()
    }
  })

  test('reads as JSON.parse does where the runtime cannot keep a text', () => {
    const rawJSON = Object.getOwnPropertyDescriptor(JSON, 'rawJSON') ?? {}
    Reflect.deleteProperty(JSON, 'rawJSON')
    try {
      expect(parseExact(args)).toEqual(JSON.parse(args))
    } finally {
      Object.defineProperty(JSON, 'rawJSON', rawJSON)
    }
  })

  test('gives undefined for what is no JSON', () => {
    expect(parseExact('{"id":12345678901234567890')).toBeUndefined()
  })
})
