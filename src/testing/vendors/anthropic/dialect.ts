/** How Anthropic lets in and turns away. https://docs.anthropic.com/en/api/errors */
import type { Ids } from '../../mock/ids.js'
import { type Dialect, type Failure, json, refuse, type Usual, usualOf } from '../../mock/vendor.js'

/** Status → Anthropic's type, and what it says when it has no more to say. */
const usual: Usual<readonly [type: string, message: string]> = {
  400: ['invalid_request_error', 'The request is invalid.'],
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your credit balance is too low to access the Anthropic API.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'Not found'],
  413: ['request_too_large', 'Request exceeds the maximum allowed number of bytes.'],
  429: ['rate_limit_error', "This request would exceed your organization's rate limit. Please try again later."],
  500: ['api_error', 'Internal server error'],
  504: ['timeout_error', 'Request timed out'],
  529: ['overloaded_error', 'Overloaded'],
}

export function anthropicError(failure: Failure, ids: Ids): Record<string, unknown> {
  const [type, message] = usualOf(usual, failure.status)
  return {
    type: 'error',
    error: { type: failure.type ?? type, message: failure.message ?? message },
    request_id: ids('req_011', 21),
  }
}

export function anthropicHeaders(ids: Ids): Record<string, string> {
  return {
    'request-id': ids('req_011', 21),
    'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
    'anthropic-ratelimit-requests-reset': '2026-01-02T03:04:06Z',
    'anthropic-ratelimit-tokens-limit': '480000',
    'anthropic-ratelimit-tokens-remaining': '480000',
    'anthropic-ratelimit-tokens-reset': '2026-01-02T03:04:05Z',
  }
}

export const anthropicDialect: Dialect = {
  authenticate({ headers }) {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    const key = headers['x-api-key'] ?? bearer
    if (!key) refuse(401, 'x-api-key header is required')
    if (key === 'invalid') refuse(401, bearer === undefined ? 'invalid x-api-key' : 'Invalid bearer token')
    if (headers['anthropic-version'] === undefined) refuse(400, 'anthropic-version: header is required')
  },
  refusal: (failure, ids) => json(anthropicError(failure, ids), anthropicHeaders(ids), failure.status),
  notJson: { status: 400, message: 'The request body is not valid JSON: expected value at line 1 column 1' },
  unknownModel: (model) => ({ status: 404, message: `model: ${model}` }),
}
