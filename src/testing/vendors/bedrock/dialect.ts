/** How Bedrock lets in and turns away. https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html */
import { type Ids, uuid } from '../../mock/ids.js'
import { type Dialect, type Failure, json, refuse, type Usual, usualOf } from '../../mock/vendor.js'

/** Status → AWS's exception, and what it says when it has no more to say. */
const usual: Usual<readonly [name: string, message: string]> = {
  400: ['ValidationException', 'The request is invalid.'],
  403: ['AccessDeniedException', "You don't have access to the model with the specified model ID."],
  404: ['ResourceNotFoundException', 'Could not resolve the foundation model from the provided model identifier.'],
  408: ['ModelTimeoutException', 'The request took too long to process.'],
  424: ['ModelErrorException', 'The request failed due to an error while processing the model.'],
  429: ['ThrottlingException', 'Too many requests, please wait before trying again.'],
  500: ['InternalServerException', 'The system encountered an unexpected error during processing. Try your request again.'],
  503: ['ServiceUnavailableException', 'Bedrock is unable to process your request.'],
}

export function bedrockException(failure: Failure): { readonly name: string; readonly message: string } {
  const [name, message] = usualOf(usual, failure.status)
  return { name: failure.type ?? name, message: failure.message ?? message }
}

export function bedrockHeaders(ids: Ids): Record<string, string> {
  return { 'x-amzn-requestid': uuid(ids) }
}

/** AWS refuses callers with 403, whatever is wrong with them. */
export const bedrockDialect: Dialect = {
  authenticate({ headers }) {
    const authorization = headers.authorization
    if (!authorization) refuse(403, 'Missing Authentication Token', { type: 'MissingAuthenticationTokenException' })
    if (authorization === 'Bearer invalid') {
      refuse(403, 'Authentication failed: Please make sure your API Key is valid.', { type: 'AccessDeniedException' })
    }
    if (/Credential=invalid\//.test(authorization)) {
      refuse(403, 'The security token included in the request is invalid.', { type: 'UnrecognizedClientException' })
    }
    if (!/^Bearer .|^AWS4-HMAC-SHA256 .*Credential=.*SignedHeaders=.*Signature=/.test(authorization)) {
      refuse(403, 'Authorization header requires existence of either a bearer token or a signature.', {
        type: 'IncompleteSignatureException',
      })
    }
  },
  refusal(failure, ids) {
    const { name, message } = bedrockException(failure)
    const url = 'http://internal.amazon.com/coral/com.amazon.bedrock/'
    return json({ message }, { ...bedrockHeaders(ids), 'x-amzn-errortype': `${name}:${url}` }, failure.status)
  },
  notJson: { status: 400, type: 'SerializationException', message: 'Unexpected token in the request body.' },
  unknownModel: () => ({
    status: 404,
    message: 'Could not resolve the foundation model from the provided model identifier.',
  }),
}
