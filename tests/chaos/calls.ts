/** The calls: who speaks which protocol, what is asked, and what a whole answer to it looks like. */

/** What an answer said, in any protocol. */
export interface Said {
  text: string
  /** Arguments of the tool call, as JSON. */
  args: string
  /** Why it ended; absent while it has not. */
  finish?: string
  /** Failures that were told, as the protocol tells them. */
  readonly failures: unknown[]
}

export interface Speaker {
  readonly protocol: string
  request(question: Question): { readonly path: string; readonly body: object }
  /** Adds what a whole answer, or one event of a stream, says. */
  hear(said: Said, piece: Json): void
}

export interface Question {
  readonly model: string
  readonly prompt: string
  readonly stream: boolean
  readonly tools: boolean
}

/** Anything that was parsed: members that are not there are undefined, however deep. */
export interface Json {
  readonly [name: string]: Json | undefined
}

const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['C', 'F'] } },
  required: ['city', 'unit'],
}
const tool = { name: 'weather', description: 'Tells the weather.' }
const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
const string = (value: unknown): string => (typeof value === 'string' ? value : '')

const openaiChat: Speaker = {
  protocol: 'openai-chat',
  request: ({ model, prompt, stream, tools }) => ({
    path: '/v1/chat/completions',
    body: {
      model,
      stream,
      messages: [{ role: 'user', content: prompt }],
      ...(tools && { tools: [{ type: 'function', function: { ...tool, parameters: schema } }] }),
    },
  }),
  hear(said, piece) {
    if (piece.error) said.failures.push(piece.error)
    for (const { message, delta = message, finish_reason: finish } of list(piece.choices)) {
      said.text += string(delta?.content)
      for (const call of list(delta?.tool_calls)) said.args += string(call.function?.arguments)
      if (finish) said.finish = string(finish)
    }
  },
}

const anthropicMessages: Speaker = {
  protocol: 'anthropic-messages',
  request: ({ model, prompt, stream, tools }) => ({
    path: '/v1/messages',
    body: {
      model,
      stream,
      max_tokens: 500,
      messages: [{ role: 'user', content: prompt }],
      ...(tools && { tools: [{ ...tool, input_schema: schema }] }),
    },
  }),
  hear(said, { type, error, content, delta, stop_reason: stop }) {
    if (error) said.failures.push(error)
    said.text += string(delta?.text)
    said.args += string(delta?.partial_json)
    for (const { text, input } of list(content)) {
      said.text += string(text)
      said.args += input ? JSON.stringify(input) : ''
    }
    // A stream tells why it ends before it does.
    if (string(type) === 'message_stop' || stop) said.finish = string(stop) || 'stop'
  },
}

const gemini: Speaker = {
  protocol: 'gemini',
  request: ({ model, prompt, stream, tools }) => ({
    path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: {
      contents: [{ role: 'user', parts: [{ text: prompt }] }],
      ...(tools && { tools: [{ functionDeclarations: [{ ...tool, parametersJsonSchema: schema }] }] }),
    },
  }),
  hear(said, piece) {
    if (piece.error) said.failures.push(piece.error)
    for (const { content, finishReason } of list(piece.candidates)) {
      for (const { text, functionCall } of list(content?.parts)) {
        said.text += string(text)
        said.args += functionCall ? JSON.stringify(functionCall.args) : ''
      }
      if (finishReason) said.finish = string(finishReason)
    }
  },
}

export const speakers: readonly Speaker[] = [openaiChat, anthropicMessages, gemini]
