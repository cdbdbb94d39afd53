/** How OpenAI, and Azure with OpenAI's models, let in and turn away. https://platform.openai.com/docs/guides/error-codes */
import { hex, type Ids } from '../../mock/ids.js'
import { type Dialect, type Failure, json, refuse, type Usual, usualOf } from '../../mock/vendor.js'

export const openaiDialect: Dialect = {
  authenticate({ headers }) {
    const azureKey = headers['api-key']
    const key = azureKey ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (key === undefined) {
      refuse(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from https://platform.openai.com/account/api-keys.",
        { code: null },
      )
    }
    if (key !== 'invalid') return
    if (azureKey !== undefined) {
      refuse(
        401,
        'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
        { code: '401' },
      )
    }
    refuse(401, 'Incorrect API key provided: invalid. You can find your API key at https://platform.openai.com/account/api-keys.')
  },
  refusal(failure, ids) {
    return json(openaiError(failure), openaiHeaders(ids), failure.status)
  },
  notJson: {
    status: 400,
    message:
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
    code: null,
  },
  unknownModel: (model) => ({
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    code: 'model_not_found',
  }),
}

/** The same models under the names of their deployments. */
export const azureDialect: Dialect = {
  ...openaiDialect,
  unknownModel: () => ({
    status: 404,
    message:
      'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
    code: 'DeploymentNotFound',
  }),
}

/** Status → what OpenAI says when it has no more to say. */
const usual: Usual<readonly [message: string, type: string, code: string | null]> = {
  400: ['The request is invalid.', 'invalid_request_error', null],
  401: ['Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'],
  403: ['You are not allowed to do this.', 'invalid_request_error', 'permission_denied'],
  404: ['Not found.', 'invalid_request_error', null],
  429: [
    'Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more.',
    'requests',
    'rate_limit_exceeded',
  ],
  500: ['The server had an error while processing your request. Sorry about that!', 'server_error', null],
  503: ['The engine is currently overloaded, please try again later.', 'service_unavailable', null],
}

export function openaiError(failure: Failure): { error: Record<string, unknown> } {
  const [message, type, code] = usualOf(usual, failure.status)
  return {
    error: {
      message: failure.message ?? message,
      type: failure.type ?? type,
      param: failure.param ?? null,
      code: failure.code === undefined ? code : failure.code,
    },
  }
}

export function openaiHeaders(ids: Ids): Record<string, string> {
  return {
    'x-request-id': ids('req_', 32, hex),
    'openai-version': '2020-10-01',
    'openai-processing-ms': '42',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-limit-tokens': '2000000',
    'x-ratelimit-remaining-tokens': '1999000',
    'x-ratelimit-reset-tokens': '0s',
  }
}
