/** How Google lets in and turns away, on the Gemini API and on Vertex. https://cloud.google.com/apis/design/errors */
import { type Dialect, type Failure, json, refuse, type Usual, usualOf } from '../../mock/vendor.js'

/** Status → Google's name for it, and what it says when it has no more to say. */
const usual: Usual<readonly [status: string, message: string]> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  404: ['NOT_FOUND', 'Requested entity was not found.'],
  409: ['ABORTED', 'The operation was aborted.'],
  429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.'],
  499: ['CANCELLED', 'The operation was cancelled.'],
  500: [
    'INTERNAL',
    'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
  ],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'The request timed out. Please try again.'],
}

export function geminiError(failure: Failure): { error: Record<string, unknown> } {
  const [status, message] = usualOf(usual, failure.status)
  const retry = failure.retryAfter === undefined ? [] : [retryInfo(failure.retryAfter)]
  const details = [...(failure.details ?? []), ...retry]
  return {
    error: {
      code: failure.status,
      message: failure.message ?? message,
      status: failure.type ?? status,
      ...(details.length > 0 && { details }),
    },
  }
}

const retryInfo = (seconds: number) => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` })

const errorInfo = (reason: string, domain: string) => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain })

const shared = {
  refusal: (failure: Failure) => json(geminiError(failure), geminiHeaders, failure.status),
  notJson: { status: 400, message: 'Invalid JSON payload received. Unexpected token.' },
}

export const geminiHeaders = { 'content-type': 'application/json; charset=UTF-8', 'server-timing': 'gfet4t7; dur=42' }

const badToken =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.'

const bearerOf = (headers: Readonly<Record<string, string>>) => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]

/** Google answers a wrong API key with 400 and a missing one with 403; only a wrong OAuth token gets 401. */
export const geminiDialect: Dialect = {
  ...shared,
  authenticate({ headers, query }) {
    const key = headers['x-goog-api-key'] ?? query.get('key')
    if (bearerOf(headers) === 'invalid') refuse(401, badToken)
    if (key === 'invalid') {
      refuse(400, 'API key not valid. Please pass a valid API key.', {
        details: [errorInfo('API_KEY_INVALID', 'googleapis.com')],
      })
    }
    if (!key && !bearerOf(headers)) {
      refuse(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
      )
    }
  },
  unknownModel: (model) => ({
    status: 404,
    message: `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods.`,
  }),
}

export const vertexDialect: Dialect = {
  ...shared,
  authenticate({ headers, query }) {
    const token = bearerOf(headers) ?? headers['x-goog-api-key'] ?? query.get('key')
    if (token && token !== 'invalid') return
    const reason = token ? 'ACCESS_TOKEN_TYPE_UNSUPPORTED' : 'CREDENTIALS_MISSING'
    refuse(401, badToken, { details: [errorInfo(reason, 'googleapis.com')] })
  },
  unknownModel: (model) => ({
    status: 404,
    message: `Publisher Model \`${model}\` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions`,
  }),
}
