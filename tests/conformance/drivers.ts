/**
 * The four kinds of callers, each with its vendor's own SDK. A driver plays a scenario against a base URL and a model, and
 * tells what its SDK understood in words that all four share.
 */
import Anthropic, { APIError as AnthropicError } from '@anthropic-ai/sdk'
import {
  type Content,
  FunctionCallingConfigMode,
  type GenerateContentConfig,
  ApiError as GoogleError,
  GoogleGenAI,
} from '@google/genai'
import OpenAI, { APIError as OpenAIError } from 'openai'
import { madeElsewhere } from '../../src/protocols/gemini/signature.js'

export interface Told {
  readonly text: string
  readonly finish: string | null | undefined
  readonly input: number
  readonly output: number
}

export interface ToolCalls {
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[]
  /** What came after the results were sent back. */
  readonly text: string
}

export interface Driver {
  readonly name: string
  text(url: string, model: string): Promise<Told>
  stream(url: string, model: string): Promise<Told>
  tools(
    url: string,
    model: string,
    options: { parallel: boolean; thinking: boolean; stream: boolean },
  ): Promise<ToolCalls & { readonly thought: boolean }>
  image(url: string, model: string): Promise<Told>
  structured(url: string, model: string): Promise<unknown>
  /** Makes a plain call that is to fail, and tells how its SDK understood the failure. */
  fail(
    url: string,
    model: string,
    options?: { stream?: boolean; timeoutMs?: number },
  ): Promise<{ readonly kind: string; readonly status: number | undefined; readonly message: string }>
}

export const prompt = 'The quick brown fox.'
export const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'number' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
} as const
const weather = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const
/** A red pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

/** What a caller of Gemini is told of a call that Gemini did not make. */
const unsigned = madeElsewhere

const asked = (parallel: boolean) => (parallel ? 'Weather and time in parallel, please.' : 'Weather, please.')
const resultOf = (name: string) => `${name} says 24`
const json = (text: string | null | undefined): unknown => JSON.parse(text ?? '')

function openaiClient(url: string, timeoutMs?: number): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'caller', maxRetries: 0, ...(timeoutMs && { timeout: timeoutMs }) })
}

async function failure(call: () => Promise<unknown>, status: (error: Error) => number | undefined) {
  try {
    await call()
  } catch (error) {
    if (error instanceof Error) return { kind: error.constructor.name, status: status(error), message: error.message }
    throw error
  }
  return { kind: 'none', status: undefined, message: 'The call succeeded.' }
}

const chatDriver: Driver = {
  name: 'openai-chat',
  async text(url, model) {
    const { choices, usage } = await openaiClient(url).chat.completions.create({
      model,
      messages: [{ role: 'user', content: prompt }],
    })
    return {
      text: choices[0]?.message.content ?? '',
      finish: choices[0]?.finish_reason,
      input: usage?.prompt_tokens ?? 0,
      output: usage?.completion_tokens ?? 0,
    }
  },
  async stream(url, model) {
    const stream = await openaiClient(url).chat.completions.create({
      model,
      messages: [{ role: 'user', content: prompt }],
      stream: true,
      stream_options: { include_usage: true },
    })
    const told = { text: '', finish: undefined as string | undefined, input: 0, output: 0 }
    for await (const { choices, usage } of stream) {
      told.text += choices[0]?.delta.content ?? ''
      told.finish = choices[0]?.finish_reason ?? told.finish
      if (usage) Object.assign(told, { input: usage.prompt_tokens, output: usage.completion_tokens })
    }
    return told
  },
  async tools(url, model, { parallel, thinking, stream }) {
    const tool = (name: string): OpenAI.ChatCompletionTool => ({
      type: 'function',
      function: { name, description: name, parameters: { ...weather } },
    })
    const params = {
      model,
      tools: parallel ? [tool('get_weather'), tool('get_time')] : [tool('get_weather')],
      ...(thinking && { reasoning_effort: 'low' as const, max_completion_tokens: 4000 }),
    }
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: asked(parallel) }]
    const client = openaiClient(url)
    const first = stream
      ? (await client.chat.completions.stream({ ...params, messages }).finalChatCompletion()).choices[0]?.message
      : (await client.chat.completions.create({ ...params, messages })).choices[0]?.message
    if (!first) throw new Error('no choice')
    const calls = (first.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []))
    messages.push(
      first,
      ...calls.map(({ id, function: { name } }) => ({ role: 'tool' as const, tool_call_id: id, content: resultOf(name) })),
    )
    const second = await client.chat.completions.create({ ...params, messages })
    return {
      calls: calls.map(({ function: { name, arguments: text } }) => ({ name, arguments: json(text) })),
      text: second.choices[0]?.message.content ?? '',
      thought: 'reasoning_details' in first || 'reasoning_content' in first,
    }
  },
  async image(url, model) {
    const image_url = { url: `data:image/png;base64,${pixel}` }
    const content: OpenAI.ChatCompletionContentPart[] = [
      { type: 'text', text: prompt },
      { type: 'image_url', image_url },
    ]
    const { choices, usage } = await openaiClient(url).chat.completions.create({ model, messages: [{ role: 'user', content }] })
    return {
      text: choices[0]?.message.content ?? '',
      finish: choices[0]?.finish_reason,
      input: usage?.prompt_tokens ?? 0,
      output: usage?.completion_tokens ?? 0,
    }
  },
  async structured(url, model) {
    const { choices } = await openaiClient(url).chat.completions.create({
      model,
      messages: [{ role: 'user', content: prompt }],
      response_format: { type: 'json_schema', json_schema: { name: 'weather', schema, strict: true } },
    })
    return json(choices[0]?.message.content)
  },
  fail: (url, model, { stream = false, timeoutMs } = {}) =>
    failure(
      async () => {
        const client = openaiClient(url, timeoutMs)
        const messages = [{ role: 'user' as const, content: prompt }]
        if (!stream) return client.chat.completions.create({ model, messages })
        for await (const _ of await client.chat.completions.create({ model, messages, stream: true }));
      },
      (error) => (error instanceof OpenAIError ? error.status : undefined),
    ),
}

const responsesDriver: Driver = {
  name: 'openai-responses',
  async text(url, model) {
    const { output_text, status, usage } = await openaiClient(url).responses.create({ model, input: prompt })
    return { text: output_text, finish: status, input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 }
  },
  async stream(url, model) {
    const stream = openaiClient(url).responses.stream({ model, input: prompt })
    let text = ''
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta
    })
    const { status, usage } = await stream.finalResponse()
    return { text, finish: status, input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 }
  },
  async tools(url, model, { parallel, thinking, stream }) {
    const tool = (name: string): OpenAI.Responses.Tool => ({
      type: 'function',
      name,
      description: name,
      parameters: { ...weather },
      strict: false,
    })
    const params = {
      model,
      tools: parallel ? [tool('get_weather'), tool('get_time')] : [tool('get_weather')],
      store: false,
      ...(thinking && {
        reasoning: { effort: 'low' as const },
        include: ['reasoning.encrypted_content' as const],
        max_output_tokens: 4000,
      }),
    }
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: asked(parallel) }]
    const client = openaiClient(url)
    const first = stream
      ? await client.responses.stream({ ...params, input }).finalResponse()
      : await client.responses.create({ ...params, input })
    const calls = first.output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
    input.push(
      ...(first.output as OpenAI.Responses.ResponseInputItem[]),
      ...calls.map(({ call_id, name }) => ({ type: 'function_call_output' as const, call_id, output: resultOf(name) })),
    )
    const second = await client.responses.create({ ...params, input })
    return {
      calls: calls.map(({ name, arguments: text }) => ({ name, arguments: json(text) })),
      text: second.output_text,
      thought: first.output.some(({ type }) => type === 'reasoning'),
    }
  },
  async image(url, model) {
    const { output_text, status, usage } = await openaiClient(url).responses.create({
      model,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: prompt },
            { type: 'input_image', image_url: `data:image/png;base64,${pixel}`, detail: 'auto' },
          ],
        },
      ],
    })
    return { text: output_text, finish: status, input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 }
  },
  async structured(url, model) {
    const { output_text } = await openaiClient(url).responses.create({
      model,
      input: prompt,
      text: { format: { type: 'json_schema', name: 'weather', schema, strict: true } },
    })
    return json(output_text)
  },
  fail: (url, model, { stream = false, timeoutMs } = {}) =>
    failure(
      async () => {
        const client = openaiClient(url, timeoutMs)
        if (!stream) return client.responses.create({ model, input: prompt })
        for await (const _ of await client.responses.create({ model, input: prompt, stream: true }));
      },
      (error) => (error instanceof OpenAIError ? error.status : undefined),
    ),
}

function anthropicClient(url: string, timeoutMs?: number): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: 'caller', maxRetries: 0, ...(timeoutMs && { timeout: timeoutMs }) })
}

const textIn = (content: readonly Anthropic.ContentBlock[]) =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')

const messagesDriver: Driver = {
  name: 'anthropic-messages',
  async text(url, model) {
    const { content, stop_reason, usage } = await anthropicClient(url).messages.create({
      model,
      max_tokens: 500,
      messages: [{ role: 'user', content: prompt }],
    })
    return { text: textIn(content), finish: stop_reason, input: usage.input_tokens, output: usage.output_tokens }
  },
  async stream(url, model) {
    const stream = anthropicClient(url).messages.stream({ model, max_tokens: 500, messages: [{ role: 'user', content: prompt }] })
    const { content, stop_reason, usage } = await stream.finalMessage()
    return { text: textIn(content), finish: stop_reason, input: usage.input_tokens, output: usage.output_tokens }
  },
  async tools(url, model, { parallel, thinking, stream }) {
    const tool = (name: string): Anthropic.Tool => ({
      name,
      description: name,
      input_schema: { ...weather, required: [...weather.required] },
    })
    const params = {
      model,
      max_tokens: 4000,
      tools: parallel ? [tool('get_weather'), tool('get_time')] : [tool('get_weather')],
      ...(thinking && { thinking: { type: 'enabled' as const, budget_tokens: 1024 } }),
    }
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: asked(parallel) }]
    const client = anthropicClient(url)
    const { content } = stream
      ? await client.messages.stream({ ...params, messages }).finalMessage()
      : await client.messages.create({ ...params, messages })
    const calls = content.flatMap((block) => (block.type === 'tool_use' ? [block] : []))
    messages.push(
      { role: 'assistant', content },
      { role: 'user', content: calls.map(({ id, name }) => ({ type: 'tool_result', tool_use_id: id, content: resultOf(name) })) },
    )
    const second = await client.messages.create({ ...params, messages })
    return {
      calls: calls.map(({ name, input }) => ({ name, arguments: input })),
      text: textIn(second.content),
      thought: content.some(({ type }) => type === 'thinking' || type === 'redacted_thinking'),
    }
  },
  async image(url, model) {
    const { content, stop_reason, usage } = await anthropicClient(url).messages.create({
      model,
      max_tokens: 500,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: prompt },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
          ],
        },
      ],
    })
    return { text: textIn(content), finish: stop_reason, input: usage.input_tokens, output: usage.output_tokens }
  },
  async structured(url, model) {
    const { content } = await anthropicClient(url).messages.create({
      model,
      max_tokens: 500,
      messages: [{ role: 'user', content: prompt }],
      output_config: { format: { type: 'json_schema', schema } },
    })
    return json(textIn(content))
  },
  fail: (url, model, { stream = false, timeoutMs } = {}) =>
    failure(
      async () => {
        const client = anthropicClient(url, timeoutMs)
        const params = { model, max_tokens: 500, messages: [{ role: 'user' as const, content: prompt }] }
        return stream ? client.messages.stream(params).finalMessage() : client.messages.create(params)
      },
      (error) => (error instanceof AnthropicError ? error.status : undefined),
    ),
}

function googleClient(url: string, timeoutMs?: number): GoogleGenAI {
  return new GoogleGenAI({ apiKey: 'caller', httpOptions: { baseUrl: url, ...(timeoutMs && { timeout: timeoutMs }) } })
}

const geminiDriver: Driver = {
  name: 'gemini',
  async text(url, model) {
    const { text = '', candidates, usageMetadata } = await googleClient(url).models.generateContent({ model, contents: prompt })
    return {
      text,
      finish: candidates?.[0]?.finishReason,
      input: usageMetadata?.promptTokenCount ?? 0,
      output: usageMetadata?.candidatesTokenCount ?? 0,
    }
  },
  async stream(url, model) {
    const told = { text: '', finish: undefined as string | undefined, input: 0, output: 0 }
    for await (const { text, candidates, usageMetadata } of await googleClient(url).models.generateContentStream({
      model,
      contents: prompt,
    })) {
      told.text += text ?? ''
      told.finish = candidates?.[0]?.finishReason ?? told.finish
      if (usageMetadata)
        Object.assign(told, { input: usageMetadata.promptTokenCount ?? 0, output: usageMetadata.candidatesTokenCount ?? 0 })
    }
    return told
  },
  async tools(url, model, { parallel, thinking, stream }) {
    const declare = (name: string) => ({ name, description: name, parametersJsonSchema: weather })
    const config: GenerateContentConfig = {
      tools: [{ functionDeclarations: parallel ? [declare('get_weather'), declare('get_time')] : [declare('get_weather')] }],
      toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
      ...(thinking && { thinkingConfig: { thinkingBudget: 1024, includeThoughts: true }, maxOutputTokens: 4000 }),
    }
    const contents: Content[] = [{ role: 'user', parts: [{ text: asked(parallel) }] }]
    const { models } = googleClient(url)
    const first: Content = { role: 'model', parts: [] }
    if (stream) {
      for await (const { candidates } of await models.generateContentStream({ model, contents, config }))
        first.parts?.push(...(candidates?.[0]?.content?.parts ?? []))
    } else {
      first.parts?.push(...((await models.generateContent({ model, contents, config })).candidates?.[0]?.content?.parts ?? []))
    }
    const calls = first.parts?.flatMap(({ functionCall }) => (functionCall ? [functionCall] : [])) ?? []
    const results = calls.map(({ id, name = '' }) => ({
      functionResponse: { name, response: { output: resultOf(name) }, ...(id && { id }) },
    }))
    const second = await models.generateContent({
      model,
      contents: [...contents, first, { role: 'user', parts: results }],
      config,
    })
    return {
      calls: calls.map(({ name = '', args }) => ({ name, arguments: args })),
      text: second.text ?? '',
      thought: first.parts?.some(({ thought, thoughtSignature = unsigned }) => thought || thoughtSignature !== unsigned) ?? false,
    }
  },
  async image(url, model) {
    const parts = [{ text: prompt }, { inlineData: { mimeType: 'image/png', data: pixel } }]
    const {
      text = '',
      candidates,
      usageMetadata,
    } = await googleClient(url).models.generateContent({ model, contents: [{ role: 'user', parts }] })
    return {
      text,
      finish: candidates?.[0]?.finishReason,
      input: usageMetadata?.promptTokenCount ?? 0,
      output: usageMetadata?.candidatesTokenCount ?? 0,
    }
  },
  async structured(url, model) {
    const config = { responseMimeType: 'application/json', responseJsonSchema: schema }
    return json((await googleClient(url).models.generateContent({ model, contents: prompt, config })).text)
  },
  fail: (url, model, { stream = false, timeoutMs } = {}) =>
    failure(
      async () => {
        const { models } = googleClient(url, timeoutMs)
        if (!stream) return models.generateContent({ model, contents: prompt })
        for await (const _ of await models.generateContentStream({ model, contents: prompt }));
      },
      (error) => (error instanceof GoogleError ? error.status : undefined),
    ),
}

export const drivers = [chatDriver, responsesDriver, messagesDriver, geminiDriver]
