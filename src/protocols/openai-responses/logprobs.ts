import type { ResponseOutputText } from 'openai/resources/responses/responses'
import { asArray, asNumber, asObjects, asString, isObject, type Members } from '../../core/json.js'
import type { TokenLogprob } from '../../core/message.js'

export function decodeLogprobs(logprobs: unknown): TokenLogprob[] {
  return asArray(logprobs)
    .filter(isObject)
    .map((token) => {
      const top = asObjects(token.top_logprobs).map(weighed)
      return { ...weighed(token), ...(top.length > 0 && { top }) }
    })
}

function weighed({ token, logprob, bytes }: Members): TokenLogprob {
  return {
    token: asString(token) ?? '',
    logprob: asNumber(logprob) ?? 0,
    ...(Array.isArray(bytes) && { bytes: bytes.filter((byte) => typeof byte === 'number') }),
  }
}

export function encodeLogprob({ token, logprob, bytes, top = [] }: TokenLogprob): ResponseOutputText.Logprob {
  return {
    token,
    logprob,
    bytes: [...(bytes ?? [])],
    top_logprobs: top.map((other) => ({ token: other.token, logprob: other.logprob, bytes: [...(other.bytes ?? [])] })),
  }
}
