import { asNumber, asObject } from '../../../core/json.js'
import { type Answer, argsObject } from '../../mock/answer.js'
import type { Ask } from '../../mock/vendor.js'
import { countTokens, tokensOf } from '../../mock/words.js'
import { fromThirdOn, thinksOf } from './check.js'
import { signCall, signText } from './thoughts.js'

export interface Writing extends Ask {
  readonly vertex: boolean
  readonly answers: readonly Answer[]
}

export type Part = Record<string, unknown>

const finishReasons: Record<Answer['finish'], string> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
}

/** `ended` is the answer when these are its last parts. Vertex counts candidates only where there are several. */
export function candidateOf(writing: Writing, index: number, parts: readonly Part[], ended?: Answer): Part {
  return {
    content: { parts, role: 'model' },
    ...(ended && { finishReason: finishReasons[ended.finish], ...logprobsOf(writing, ended) }),
    ...((!writing.vertex || writing.answers.length > 1) && { index }),
  }
}

/** The parts of an answer whose text comes in these pieces. The first visible part carries the signature. */
export function partsOf(writing: Writing, answer: Answer, texts: readonly string[]): Part[] {
  const { ids, world, body, model, vertex } = writing
  const config = asObject(asObject(body.generationConfig).thinkingConfig)
  const signs = thinksOf(body, model) && answer.thinking !== ''
  const thought = config.includeThoughts === true && answer.thinking !== '' ? [{ text: answer.thinking, thought: true }] : []
  const said = texts
    .filter((text) => text !== '')
    .map((text, at): Part => ({ text, ...(signs && at === 0 && { thoughtSignature: signText(ids('', 8), world) }) }))
  // Since Gemini 3, calls have ids, but not on Vertex.
  const named = !vertex && fromThirdOn.test(model)
  const calls = answer.calls.map((call, at): Part => {
    const args = argsObject(call)
    // Of parallel calls only the first is signed.
    const signed = signs && at === 0 && said.length === 0
    return {
      functionCall: { ...(named && { id: ids('', 8) }), name: call.name, args },
      ...(signed && { thoughtSignature: signCall(call.name, args, ids('', 8), world) }),
    }
  })
  return [...thought, ...said, ...calls]
}

/** The usage of the answers as far as they were sent: so many tokens of them, or all. */
export function usageOf({ body, answers, vertex }: Writing, sent = Number.POSITIVE_INFINITY): Part {
  const traffic = vertex && { trafficType: 'ON_DEMAND' }
  // Vertex counts at the end.
  if (vertex && sent !== Number.POSITIVE_INFINITY) return { ...traffic }
  const promptTokenCount = countTokens([body.systemInstruction, body.tools, body.contents])
  const thoughts = answers.reduce((sum, answer) => sum + answer.thinkingTokens, 0)
  const all = answers.reduce((sum, answer) => sum + answer.tokens - answer.thinkingTokens, 0)
  const candidatesTokenCount = Math.min(all, sent)
  return {
    promptTokenCount,
    ...(candidatesTokenCount > 0 && { candidatesTokenCount }),
    totalTokenCount: promptTokenCount + candidatesTokenCount + thoughts,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }],
    ...(vertex && { candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: candidatesTokenCount }] }),
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    ...traffic,
  }
}

export function tailOf({ model, vertex, ids }: Writing): Part {
  return {
    modelVersion: model,
    ...(vertex && { createTime: '2026-01-02T03:04:05.000000Z' }),
    responseId: ids('', 22),
  }
}

function logprobsOf({ body }: Writing, answer: Answer): Part {
  const { responseLogprobs, logprobs } = asObject(body.generationConfig)
  if (responseLogprobs !== true) return {}
  const chosenCandidates = tokensOf(answer.text).map((token) => ({ token, tokenId: 1, logProbability: -0.01 }))
  const topCandidates = chosenCandidates.map((chosen) => ({
    candidates: Array.from({ length: asNumber(logprobs) ?? 1 }, (_, rank) => ({ ...chosen, logProbability: -0.01 - rank })),
  }))
  return { avgLogprobs: -0.01, logprobsResult: { chosenCandidates, topCandidates } }
}
