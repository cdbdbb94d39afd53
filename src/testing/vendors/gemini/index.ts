/** https://ai.google.dev/api/generate-content, and the same on Vertex. */
import { asNumber, asObject } from '../../../core/json.js'
import type { WireEvent } from '../../../protocols/protocol.js'
import { type Answer, answerTo, argsObject } from '../../mock/answer.js'
import { type Ask, type Dialect, type Endpoint, json, type Reply } from '../../mock/vendor.js'
import { countTokens, piecesOf, tokensOf } from '../../mock/words.js'
import { checkContents, thinksOf } from './check.js'
import { geminiDialect, geminiError, geminiHeaders, vertexDialect } from './dialect.js'
import { readContents } from './read.js'
import { signCall, signText } from './thoughts.js'

/** `action` is what stands behind the colon. */
export function geminiModel(model: string, action: string, sse: boolean, vertex: boolean): Endpoint | undefined {
  const dialect: Dialect = vertex ? vertexDialect : geminiDialect
  const base = { protocol: 'gemini', dialect, model } as const
  if (action === 'generateContent') return { ...base, stream: false, answer: (ask) => generate(ask, vertex) }
  if (action === 'streamGenerateContent') return { ...base, stream: true, answer: (ask) => generate(ask, vertex, sse) }
  return action === 'countTokens' ? { ...base, stream: false, answer: count } : undefined
}

function count({ body }: Ask): Reply {
  const request = asObject(body.generateContentRequest ?? body)
  const totalTokens = countTokens([request.systemInstruction, request.tools, request.contents])
  return json({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] }, geminiHeaders)
}

type Part = Record<string, unknown>

function generate(ask: Ask, vertex: boolean, sse?: boolean): Reply {
  const { body, model, world } = ask
  checkContents(body, model, world)
  const asked = readContents(body, model)
  const config = asObject(body.generationConfig)
  const answers = Array.from({ length: asNumber(config.candidateCount) ?? 1 }, (_, index) => answerTo(asked, world.seed, index))
  const tail = {
    modelVersion: model,
    ...(vertex && { createTime: '2026-01-02T03:04:05.000000Z' }),
    responseId: ask.ids('', 22),
  }
  if (ask.stream) return streamed(ask, answers, tail, sse === true)
  const candidates = answers.map((answer, index) => ({
    content: { parts: partsOf(ask, answer, [answer.text]), role: 'model' },
    finishReason: finishReasons[answer.finish],
    index,
    ...logprobsOf(ask, answer),
  }))
  return json({ candidates, usageMetadata: usageOf(ask, answers), ...tail }, geminiHeaders)
}

const finishReasons: Record<Answer['finish'], string> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
}

/** The parts of an answer whose text comes in these pieces. The first visible part carries the signature. */
function partsOf(ask: Ask, answer: Answer, texts: readonly string[]): Part[] {
  const { ids, world, body, model } = ask
  const config = asObject(asObject(body.generationConfig).thinkingConfig)
  const signs = thinksOf(body, model) && answer.thinking !== ''
  const thought = config.includeThoughts === true && answer.thinking !== '' ? [{ text: answer.thinking, thought: true }] : []
  const said = texts
    .filter((text) => text !== '')
    .map((text, at): Part => ({ text, ...(signs && at === 0 && { thoughtSignature: signText(ids('', 8), world) }) }))
  const calls = answer.calls.map((call, at): Part => {
    const args = argsObject(call)
    // Of parallel calls only the first is signed.
    const signed = signs && at === 0 && said.length === 0
    return {
      // Since Gemini 3, calls have ids.
      functionCall: { ...(/gemini-([3-9]|\d\d)/.test(model) && { id: ids('', 8) }), name: call.name, args },
      ...(signed && { thoughtSignature: signCall(call.name, args, ids('', 8), world) }),
    }
  })
  return [...thought, ...said, ...calls]
}

function usageOf({ body }: Ask, answers: readonly Answer[], until = Number.POSITIVE_INFINITY) {
  const promptTokenCount = countTokens([body.systemInstruction, body.tools, body.contents])
  const thoughts = answers.reduce((sum, answer) => sum + answer.thinkingTokens, 0)
  const all = answers.reduce((sum, answer) => sum + answer.tokens - answer.thinkingTokens, 0)
  const candidatesTokenCount = Math.min(all, until)
  return {
    promptTokenCount,
    ...(candidatesTokenCount > 0 && { candidatesTokenCount }),
    totalTokenCount: promptTokenCount + candidatesTokenCount + thoughts,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }],
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
  }
}

function logprobsOf({ body }: Ask, answer: Answer): Part {
  const { responseLogprobs, logprobs } = asObject(body.generationConfig)
  if (responseLogprobs !== true) return {}
  const chosenCandidates = tokensOf(answer.text).map((token) => ({ token, tokenId: 1, logProbability: -0.01 }))
  const topCandidates = chosenCandidates.map((chosen) => ({
    candidates: Array.from({ length: asNumber(logprobs) ?? 1 }, (_, rank) => ({ ...chosen, logProbability: -0.01 - rank })),
  }))
  return { avgLogprobs: -0.01, logprobsResult: { chosenCandidates, topCandidates } }
}

/** Each chunk is a whole answer of its own, with the next few parts in it and the usage so far. */
function streamed(ask: Ask, answers: readonly Answer[], tail: Part, sse: boolean): Reply {
  const events: WireEvent[] = []
  const chunk = (candidates: readonly Part[], until: number): WireEvent => ({
    data: JSON.stringify({ candidates, usageMetadata: usageOf(ask, answers, until), ...tail }),
  })
  for (const [index, answer] of answers.entries()) {
    const parts = partsOf(ask, answer, piecesOf(answer.text, ask.world.wordsPerChunk))
    // An answer without a word still ends in a chunk.
    const groups: Part[][] = parts.length === 0 ? [[{ text: '' }]] : groupCalls(parts)
    let said = 0
    for (const [at, group] of groups.entries()) {
      said += group.reduce((sum, part) => sum + (part.thought === true ? 0 : countTokens(part.text ?? '')), 0)
      const last = at === groups.length - 1
      const end = last && { finishReason: finishReasons[answer.finish], ...logprobsOf(ask, answer) }
      const whole = last && index === answers.length - 1
      events.push(chunk([{ content: { parts: group, role: 'model' }, ...end, index }], whole ? Number.POSITIVE_INFINITY : said))
    }
  }
  return {
    kind: 'stream',
    headers: { 'server-timing': 'gfet4t7; dur=42' },
    framing: sse ? 'sse-crlf' : 'json-array',
    events,
    terminal: events.length - 1,
    fail: (failure) => [{ data: JSON.stringify(geminiError(failure)) }],
  }
}

/** Text comes part by part; calls come together. */
function groupCalls(parts: readonly Part[]): Part[][] {
  const calls = parts.filter((part) => part.functionCall !== undefined)
  const texts = parts.filter((part) => part.functionCall === undefined).map((part) => [part])
  return calls.length === 0 ? texts : [...texts, calls]
}

export function geminiModels(model?: string): Endpoint {
  const card = (name: string) => ({
    name: `models/${name}`,
    version: '001',
    displayName: name,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  })
  return {
    protocol: undefined,
    dialect: geminiDialect,
    ...(model !== undefined && { model }),
    answer: () =>
      json(model === undefined ? { models: ['gemini-2.5-flash', 'gemini-3-flash'].map(card) } : card(model), geminiHeaders),
  }
}
