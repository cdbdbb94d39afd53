/** `logprobsResult`, in both directions: https://ai.google.dev/api/generate-content#LogprobsResult */
import { asNumber, asString, type JsonObject } from '../../core/json.js'
import type { TokenLogprob } from '../../core/message.js'
import { message, messages } from './wire.js'

export function decodeLogprobs(value: unknown): TokenLogprob[] {
  const { chosenCandidates, topCandidates } = message(value)
  const tops = messages(topCandidates)
  return messages(chosenCandidates).map((chosen, index) => {
    const top = messages(tops[index]?.candidates).map(token)
    return { ...token(chosen), ...(top.length > 0 && { top }) }
  })
}

function token(candidate: Record<string, unknown>): { token: string; logprob: number } {
  return { token: asString(candidate.token) ?? '', logprob: asNumber(candidate.logProbability) ?? 0 }
}

export function encodeLogprobs(tokens: readonly TokenLogprob[]): JsonObject {
  const wire = ({ token, logprob }: { token: string; logprob: number }) => ({ token, logProbability: logprob })
  const told = tokens.some(({ top }) => top)
  return {
    chosenCandidates: tokens.map(wire),
    ...(told && { topCandidates: tokens.map(({ top = [] }) => ({ candidates: top.map(wire) })) }),
  }
}
