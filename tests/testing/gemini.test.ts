import {
  ApiError,
  type Content,
  FunctionCallingConfigMode,
  type FunctionDeclaration,
  type GenerateContentConfig,
  type GenerateContentResponse,
  GoogleGenAI,
} from '@google/genai'
import { OAuth2Client } from 'google-auth-library'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MockUpstream, startMock } from '../../src/testing/index.js'
import { collect, failure, google, pixel, weather } from './clients.js'

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())
beforeEach(() => mock.reset())

const model = 'gemini-2.5-flash'
const functionDeclarations: FunctionDeclaration[] = [{ name: 'get_weather', parametersJsonSchema: weather }, { name: 'get_time' }]
const tools = [{ functionDeclarations }]
const ask = (config: GenerateContentConfig = {}, contents: string | Content[] = 'Hello there', name = model) =>
  google(mock.url).models.generateContent({ model: name, contents, config })

describe('Google’s client', () => {
  test('gets its words back, with usage and a finish reason', async () => {
    const answer = await ask()
    expect(answer.text).toBe('Echo: Hello there')
    expect(answer.candidates?.[0]).toMatchObject({ finishReason: 'STOP', index: 0, content: { role: 'model' } })
    const usage = answer.usageMetadata
    expect(usage?.totalTokenCount).toBe((usage?.promptTokenCount ?? 0) + (usage?.candidatesTokenCount ?? 0))
    expect(answer).toMatchObject({ modelVersion: model, responseId: expect.any(String) })
  })

  test('reads a stream of the same words', async () => {
    const chunks = await collect(await google(mock.url).models.generateContentStream({ model, contents: 'one two three' }))
    expect(chunks.map((chunk) => chunk.text).join('')).toBe('Echo: one two three')
    expect(chunks.slice(0, -1).every((chunk) => chunk.candidates?.[0]?.finishReason === undefined)).toBe(true)
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP')
    expect(chunks.at(-1)?.usageMetadata).toEqual((await ask({}, 'one two three')).usageMetadata)
  })

  test('gets function calls with arguments that fit, and STOP', async () => {
    const answer = await ask({ tools }, 'Both, in parallel')
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP')
    expect(answer.functionCalls?.map((call) => call.name)).toEqual(['get_weather', 'get_time'])
    expect(z.fromJSONSchema(weather).safeParse(answer.functionCalls?.[0]?.args).success).toBe(true)
    expect(answer.functionCalls?.[1]?.args).toEqual({})
  })

  test('gets them for a schema in snake_case too, as the client for Python writes it', async () => {
    const response = await fetch(`${mock.url}/v1beta/models/${model}:generateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'any', 'content-type': 'application/json' },
      body: JSON.stringify({
        contents: [{ role: 'user', parts: [{ text: 'Weather' }] }],
        tools: [{ functionDeclarations: [{ name: 'get_weather', parameters_json_schema: weather }] }],
      }),
    })
    const { candidates } = (await response.json()) as GenerateContentResponse
    const { args } = candidates?.[0]?.content?.parts?.[0]?.functionCall ?? {}
    expect(z.fromJSONSchema(weather).safeParse(args).success).toBe(true)
  })

  test.each(['gemini-2.5-flash', 'gemini-3-pro-preview'])(
    'thinks, calls in parallel, and takes its thoughts back on %s',
    async (name) => {
      const config = { tools, thinkingConfig: { includeThoughts: true } }
      const contents: Content[] = [{ role: 'user', parts: [{ text: 'Both, in parallel' }] }]
      const first = (await ask(config, contents, name)).candidates?.[0]?.content
      const signed = first?.parts?.map((part) => part.thoughtSignature !== undefined)
      expect(first?.parts?.[0]).toMatchObject({ thought: true })
      expect(signed, 'only the first of parallel calls is signed').toEqual([false, true, false])
      const results = first?.parts?.flatMap(({ functionCall: call }) =>
        call ? [{ functionResponse: { name: call.name ?? '', response: { output: `${call.name} ok` } } }] : [],
      )
      const history = [...contents, ...(first ? [first] : []), { role: 'user', parts: results ?? [] }]
      expect((await ask(config, history, name)).text).toBe('Tool results: "get_weather ok"; "get_time ok"')
    },
  )

  test('gets an instance of a schema, in either dialect', async () => {
    const shape = z.object({ city: z.string(), degrees: z.int() })
    const { $schema: _, ...json } = z.toJSONSchema(shape)
    const one = await ask({ responseMimeType: 'application/json', responseJsonSchema: json })
    expect(shape.safeParse(JSON.parse(one.text ?? '')).success).toBe(true)
    const own = {
      type: 'OBJECT',
      properties: { city: { type: 'STRING' }, degrees: { type: 'INTEGER' } },
      required: ['city', 'degrees'],
    }
    const two = await ask({ responseMimeType: 'application/json', responseSchema: own })
    expect(shape.safeParse(JSON.parse(two.text ?? '')).success).toBe(true)
  })

  test.each([400, 401, 403, 404, 429, 500, 503])('raises an ApiError for a scripted %i', async (status) => {
    mock.script({ status })
    const error = await failure(ask())
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status, message: expect.stringContaining(`"code":${status}`) })
  })

  test('learns of a wrong key and an unknown model', async () => {
    const wrong = await failure(google(mock.url, 'invalid').models.generateContent({ model, contents: 'x' }))
    expect(wrong).toMatchObject({ status: 400, message: expect.stringContaining('API_KEY_INVALID') })
    expect(await failure(ask({}, 'x', 'gemini-missing'))).toMatchObject({ status: 404 })
  })

  test('counts tokens before it asks', async () => {
    const { totalTokens } = await google(mock.url).models.countTokens({ model, contents: 'Hello there' })
    expect(totalTokens).toBe((await ask()).usageMetadata?.promptTokenCount)
  })

  test('lists models', async () => {
    const pager = await google(mock.url).models.list()
    expect((await collect(pager)).map(({ name }) => name)).toContain('models/gemini-2.5-flash')
  })

  test('finds Vertex with a token and a project', async () => {
    const authClient = new OAuth2Client()
    authClient.setCredentials({ access_token: 'token' })
    const vertex = new GoogleGenAI({
      vertexai: true,
      project: 'p',
      location: 'us-central1',
      httpOptions: { baseUrl: mock.url },
      // The SDK brings its own copy of the library, whose type is another.
      googleAuthOptions: { authClient: authClient as never },
    })
    const answer = await vertex.models.generateContent({ model, contents: 'Hi' })
    expect(answer).toMatchObject({ text: 'Echo: Hi', createTime: expect.any(String) })
    expect(mock.requests[0]?.headers.authorization).toBe('Bearer token')
    expect(mock.requests[0]).toMatchObject({ protocol: 'gemini', model })
  })
})

describe('generated content', () => {
  test('is an array of JSON when it streams without alt=sse', async () => {
    const response = await fetch(`${mock.url}/v1beta/models/${model}:streamGenerateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify({ contents: [{ parts: [{ text: 'one two' }] }] }),
    })
    const chunks = (await response.json()) as { candidates: { content: Content }[] }[]
    expect(chunks.map((chunk) => chunk.candidates[0]?.content.parts?.[0]?.text).join('')).toBe('Echo: one two')
  })

  test('takes the key in the query too', async () => {
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] })
    const response = await fetch(`${mock.url}/v1beta/models/${model}:generateContent?key=key`, { method: 'POST', body })
    expect(response.status).toBe(200)
  })

  test('stops at a stop sequence and when its tokens run out', async () => {
    expect((await ask({ stopSequences: ['there'] })).text).toBe('Echo: Hello ')
    const cut = await ask({ maxOutputTokens: 2 })
    expect(cut.candidates?.[0]?.finishReason).toBe('MAX_TOKENS')
    expect(cut.usageMetadata?.candidatesTokenCount).toBe(2)
  })

  test('comes as often as asked', async () => {
    const { candidates } = await ask({ candidateCount: 2 })
    expect(candidates?.map(({ content }) => content?.parts?.[0]?.text)).toEqual(['Echo: Hello there', 'Echo: Hello there (2)'])
  })

  test('keeps thoughts out of the count of candidates', async () => {
    const { usageMetadata: usage } = await ask({ thinkingConfig: { thinkingBudget: 1024 } })
    const { promptTokenCount = 0, candidatesTokenCount = 0, thoughtsTokenCount = 0, totalTokenCount } = usage ?? {}
    expect(thoughtsTokenCount).toBeGreaterThan(0)
    expect(totalTokenCount).toBe(promptTokenCount + candidatesTokenCount + thoughtsTokenCount)
  })

  test('obeys the function calling mode', async () => {
    const mode = (functionCallingConfig: object) => ask({ tools, toolConfig: { functionCallingConfig } })
    expect((await mode({ mode: FunctionCallingConfigMode.NONE })).text).toBe('Echo: Hello there')
    const only = await mode({ mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_time'] })
    expect(only.functionCalls?.map((call) => call.name)).toEqual(['get_time'])
  })

  test('notices images and other files', async () => {
    const parts = [
      { text: 'See' },
      { inlineData: { mimeType: 'image/png', data: pixel } },
      { fileData: { mimeType: 'application/pdf', fileUri: 'gs://bucket/a.pdf' } },
    ]
    expect((await ask({}, [{ role: 'user', parts }])).text).toBe('Echo: See [1 image, 1 file]')
  })
})

describe('Google refuses', () => {
  const post = async (body: unknown, headers: Record<string, string> = { 'x-goog-api-key': 'key' }, name = model) => {
    const address = `${mock.url}/v1beta/models/${name}:generateContent`
    const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) })
    const { error } = (await response.json()) as { error: { code: number; message: string; status: string; details?: unknown[] } }
    return { http: response.status, ...error }
  }
  const said = { role: 'user', parts: [{ text: 'Hi' }] }
  const contents = [said]
  const declare = (parameters: unknown) => ({ contents, tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] })
  const object = (child: unknown) => declare({ type: 'object', properties: { a: child } })
  const call = { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] }
  const answer = { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }
  const at = "'tools[0].function_declarations[0].parameters"

  test.each<[string, unknown, string]>([
    ['no contents', {}, 'contents is not specified'],
    ['an unknown role', { contents: [{ ...said, role: 'assistant' }] }, 'Please use a valid role: user, model.'],
    ['content without parts', { contents: [{ role: 'user', parts: [] }] }, 'contents.parts must not be empty'],
    ['a member that it does not know', { contents, messages: [] }, 'Unknown name "messages": Cannot find field.'],
    [
      'a setting that it does not know',
      { contents, generationConfig: { max_tokens: 1 } },
      `Unknown name "max_tokens" at 'generation_config'`,
    ],
    [
      'additionalProperties in parameters',
      declare({ type: 'object', additionalProperties: false }),
      `Unknown name "additionalProperties" at ${at}'`,
    ],
    [
      '$ref deep in parameters',
      object({ type: 'array', items: { $ref: '#/$defs/x' } }),
      `Unknown name "$ref" at ${at}.properties[0].value.items'`,
    ],
    [
      'a list of types',
      object({ type: ['string', 'null'] }),
      `Unknown name "type" at ${at}.properties[0].value': Proto field is not repeating`,
    ],
    ['const', object({ type: 'string', const: 'x' }), 'Unknown name "const"'],
    ['an array without items', object({ type: 'array' }), 'parameters.properties[a].items: missing field.'],
    [
      'required members that are not there',
      declare({ type: 'object', properties: {}, required: ['a'] }),
      'required[0]: property is not defined',
    ],
    ['a number enum', object({ type: 'integer', enum: [1] }), 'only allowed for STRING type'],
    [
      'a response without its call',
      { contents: [said, answer] },
      'function response turn comes immediately after a function call turn',
    ],
    [
      'a call without its response',
      { contents: [said, call, said] },
      'the number of function response parts is equal to the number of function call parts',
    ],
    [
      'tools together with JSON on old models',
      { ...declare({ type: 'object' }), generationConfig: { responseMimeType: 'application/json' } },
      "Function calling with a response mime type: 'application/json' is unsupported",
    ],
  ])('%s', async (_, body, message) => {
    expect(await post(body)).toMatchObject({
      http: 400,
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    })
  })

  test('every unknown field at once, each with its place', async () => {
    const refused = await post(declare({ type: 'object', $schema: 'x', additionalProperties: false }))
    expect(refused.message.split('\n')).toHaveLength(2)
    expect(refused.details?.[0]).toMatchObject({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'tools[0].function_declarations[0].parameters' }, {}],
    })
  })

  test('takes the whole of JSON Schema where it belongs', async () => {
    const tools = [
      { functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object', additionalProperties: false } }] },
    ]
    expect(await post({ contents, tools })).toMatchObject({ http: 200 })
  })

  const thinks = { generationConfig: { thinkingConfig: { includeThoughts: true } }, tools }
  test('a call that came back without its signature', async () => {
    const refused = await post({ contents: [said, call, answer] }, undefined, 'gemini-3-flash')
    expect(refused.http).toBe(400)
    expect(refused.message).toContain('Function call is missing a thought_signature in functionCall parts')
    expect(await post({ ...thinks, contents: [said, call, answer] }), 'older models do not insist').toMatchObject({ http: 200 })
  })

  test('a signature on another call than its own', async () => {
    const first = (await ask({ tools, thinkingConfig: { includeThoughts: true } })).candidates?.[0]?.content?.parts
    const thoughtSignature = first?.find((part) => part.functionCall)?.thoughtSignature
    const moved = { role: 'model', parts: [{ functionCall: { name: 'f', args: { other: true } }, thoughtSignature }] }
    expect((await post({ ...thinks, contents: [said, moved, answer] })).message).toBe('Corrupted thought signature.')
    const excused = { role: 'model', parts: [{ ...moved.parts[0], thoughtSignature: 'skip_thought_signature_validator' }] }
    expect(await post({ ...thinks, contents: [said, excused, answer] })).toMatchObject({ http: 200 })
  })

  test('a request without a key', async () => {
    expect(await post({ contents }, {})).toMatchObject({ http: 403, status: 'PERMISSION_DENIED' })
  })

  test('with the time to wait, in the body as well', async () => {
    mock.script({ status: 429, retryAfter: 7 })
    const refused = await post({ contents })
    expect(refused.details).toContainEqual({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' })
  })
})
