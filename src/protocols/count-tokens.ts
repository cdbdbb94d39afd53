/** How vendors are asked how many tokens a request has, each by its own SDK. */
import { asObject, isObject, type JsonObject } from '../core/json.js'
import { percentDecoded } from './percent.js'

export interface TokenQuestion {
  /** In which protocol the request would be made. */
  readonly protocol: string
  readonly model: string
  readonly request: JsonObject
  /** What the vendor of this protocol would be asked about a model as it calls it. */
  readonly asked: (model: string) => { readonly path: string; readonly body: JsonObject }
  readonly answer: (tokens: number) => JsonObject
  /** Whether this is such an answer. */
  readonly isAnswer: (answer: unknown) => boolean
}

type Read = (body: JsonObject, model: string) => Omit<TokenQuestion, 'protocol'>

const has = (member: string) => (answer: unknown) => typeof asObject(answer)[member] === 'number'

const named = ({ model }: JsonObject) => (typeof model === 'string' ? model : '')

/** A budget looks for the bound of a request, and this question has none: the least that is taken stands for it. */
const questions: readonly { readonly path: RegExp; readonly protocol: string; readonly read: Read }[] = [
  {
    path: /\/messages\/count_tokens$/,
    protocol: 'anthropic-messages',
    read: (body) => ({
      model: named(body),
      request: { max_tokens: 1, ...body },
      asked: (model) => ({ path: '/v1/messages/count_tokens', body: { ...body, model } }),
      answer: (input_tokens) => ({ input_tokens }),
      isAnswer: has('input_tokens'),
    }),
  },
  {
    path: /\/responses\/input_tokens$/,
    protocol: 'openai-responses',
    read: (body) => ({
      model: named(body),
      request: { max_output_tokens: 16, ...body },
      asked: (model) => ({ path: '/v1/responses/input_tokens', body: { ...body, model } }),
      answer: (input_tokens) => ({ object: 'response.input_tokens', input_tokens }),
      isAnswer: has('input_tokens'),
    }),
  },
  {
    path: /\/models\/(?<model>[^?#]+):countTokens$/,
    protocol: 'gemini',
    read: (body, model) => ({
      model,
      request: bounded(body.generateContentRequest === undefined ? body : asObject(body.generateContentRequest)),
      asked: (model) => {
        const whole = isObject(body.generateContentRequest) && { ...body.generateContentRequest, model: `models/${model}` }
        const path = `/v1beta/models/${encodeURIComponent(model)}:countTokens`
        return { path, body: whole ? { ...body, generateContentRequest: whole as JsonObject } : body }
      },
      answer: (totalTokens) => ({ totalTokens }),
      isAnswer: has('totalTokens'),
    }),
  },
]

function bounded(request: Record<string, unknown>): JsonObject {
  return { ...request, generationConfig: { maxOutputTokens: 1, ...asObject(request.generationConfig) } } as JsonObject
}

export function isTokenQuestion(path: string): boolean {
  return tokenProtocol(path) !== undefined
}

/** In which protocol tokens are asked for at this address; undefined at any other. */
export function tokenProtocol(path: string): string | undefined {
  return questions.find((question) => question.path.test(path))?.protocol
}

/** @returns undefined at any other address */
export function tokenQuestion(path: string, body: JsonObject): TokenQuestion | undefined {
  for (const { path: pattern, protocol, read } of questions) {
    const match = pattern.exec(path)
    if (match) return { protocol, ...read(body, percentDecoded(match.groups?.model ?? '')) }
  }
  return undefined
}
