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

type Read = (body: JsonObject, model: string) => TokenQuestion

const has = (member: string) => (answer: unknown) => typeof asObject(answer)[member] === 'number'

const named = ({ model }: JsonObject) => (typeof model === 'string' ? model : '')

const questions: readonly { readonly path: RegExp; readonly read: Read }[] = [
  {
    path: /\/messages\/count_tokens$/,
    read: (body) => ({
      protocol: 'anthropic-messages',
      model: named(body),
      // A request must have a bound, and this question has none.
      request: { max_tokens: 1, ...body },
      asked: (model) => ({ path: '/v1/messages/count_tokens', body: { ...body, model } }),
      answer: (input_tokens) => ({ input_tokens }),
      isAnswer: has('input_tokens'),
    }),
  },
  {
    path: /\/responses\/input_tokens$/,
    read: (body) => ({
      protocol: 'openai-responses',
      model: named(body),
      request: body,
      asked: (model) => ({ path: '/v1/responses/input_tokens', body: { ...body, model } }),
      answer: (input_tokens) => ({ object: 'response.input_tokens', input_tokens }),
      isAnswer: has('input_tokens'),
    }),
  },
  {
    path: /\/models\/(?<model>[^?#]+):countTokens$/,
    read: (body, model) => ({
      protocol: 'gemini',
      model,
      request: body.generateContentRequest === undefined ? body : (asObject(body.generateContentRequest) as JsonObject),
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

export function isTokenQuestion(path: string): boolean {
  return questions.some((question) => question.path.test(path))
}

/** @returns undefined at any other address */
export function tokenQuestion(path: string, body: JsonObject): TokenQuestion | undefined {
  for (const { path: pattern, read } of questions) {
    const match = pattern.exec(path)
    if (match) return read(body, percentDecoded(match.groups?.model ?? ''))
  }
  return undefined
}
