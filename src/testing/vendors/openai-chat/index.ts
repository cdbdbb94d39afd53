/** https://platform.openai.com/docs/api-reference/chat */
import { asNumber, asObject } from '../../../core/json.js'
import type { WireEvent } from '../../../protocols/protocol.js'
import { type Answer, answerTo } from '../../mock/answer.js'
import { hex } from '../../mock/ids.js'
import { type Ask, type Endpoint, json, mockTime, type Reply } from '../../mock/vendor.js'
import { countTokens, jsonPiecesOf, piecesOf, tokensOf } from '../../mock/words.js'
import { cachedTokens } from '../openai/caching.js'
import { azureDialect, openaiDialect, openaiError, openaiHeaders } from '../openai/dialect.js'
import { checkChat } from './check.js'
import { readChat } from './read.js'

export function openaiChat(deployment?: string): Endpoint {
  return {
    protocol: 'openai-chat',
    dialect: deployment === undefined ? openaiDialect : azureDialect,
    ...(deployment !== undefined && { model: deployment }),
    answer: (ask) => {
      checkChat(ask.body, ask.model)
      const asked = readChat(ask.body)
      const answers = Array.from({ length: asNumber(ask.body.n) ?? 1 }, (_, index) => answerTo(asked, ask.world.seed, index))
      const usage = usageOf(ask, answers)
      const head = headOf(ask)
      return ask.stream ? streamed(ask, head, answers, usage) : whole(ask, head, answers, usage)
    },
  }
}

const headOf = ({ ids, model, body }: Ask) => ({
  id: ids('chatcmpl-', 29),
  created: mockTime,
  model,
  service_tier: body.service_tier === undefined || body.service_tier === 'auto' ? 'default' : body.service_tier,
  system_fingerprint: ids('fp_', 10, hex),
})

type Head = ReturnType<typeof headOf>
type Usage = ReturnType<typeof usageOf>

function usageOf({ body, world }: Ask, answers: readonly Answer[]) {
  const messages = Array.isArray(body.messages) ? body.messages : []
  const prompt = countTokens([body.tools, messages, body.response_format])
  const completion = answers.reduce((sum, answer) => sum + answer.tokens, 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cachedTokens([body.tools ?? [], ...messages], prompt, world), audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: answers.reduce((sum, answer) => sum + answer.thinkingTokens, 0),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

const finishReasons: Record<Answer['finish'], string> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
}

/** OpenAI counts its own models' thinking and does not show it; the servers that speak its protocol do. */
function shownThinking({ model }: Ask, answer: Answer): string | undefined {
  return answer.thinking && !/^(gpt-|o\d|chatgpt)/.test(model) ? answer.thinking : undefined
}

function whole(ask: Ask, head: Head, answers: readonly Answer[], usage: Usage): Reply {
  const choices = answers.map((answer, index) => {
    const reasoning = shownThinking(ask, answer)
    return {
      index,
      message: {
        role: 'assistant',
        content: answer.text === '' && answer.calls.length > 0 ? null : answer.text,
        ...(reasoning !== undefined && { reasoning_content: reasoning }),
        refusal: null,
        ...(answer.calls.length > 0 && {
          tool_calls: answer.calls.map((call) => ({
            id: ask.ids('call_', 24),
            type: 'function',
            function: { name: call.name, arguments: call.args },
          })),
        }),
        annotations: [],
      },
      logprobs: logprobsOf(ask, answer.text),
      finish_reason: finishReasons[answer.finish],
    }
  })
  const { id, created, model, ...tail } = head
  const body = { id, object: 'chat.completion', created, model, choices, usage, ...tail }
  return json(body, openaiHeaders(ask.ids))
}

type Choice = { index: number; delta: Record<string, unknown>; logprobs: unknown; finish_reason: string | null }

function streamed(ask: Ask, head: Head, answers: readonly Answer[], usage: Usage): Reply {
  const { include_usage, include_obfuscation } = asObject(ask.body.stream_options)
  const chunk = (choices: readonly Choice[], counted?: Usage): WireEvent => {
    const { id, ...rest } = head
    const data = {
      id,
      object: 'chat.completion.chunk',
      ...rest,
      choices,
      ...(include_usage === true && { usage: counted ?? null }),
      ...(include_obfuscation !== false && { obfuscation: ask.ids('', 6) }),
    }
    return { data: JSON.stringify(data) }
  }
  const content = interleave(answers.map((answer, index) => deltasOf(ask, answer, index))).map((choice) => chunk([choice]))
  const ends = answers.map((answer, index) =>
    chunk([{ index, delta: {}, logprobs: null, finish_reason: finishReasons[answer.finish] }]),
  )
  return {
    kind: 'stream',
    headers: openaiHeaders(ask.ids),
    framing: 'sse',
    events: [...content, ...ends, ...(include_usage === true ? [chunk([], usage)] : []), { data: '[DONE]' }],
    terminal: content.length,
    fail: (failure) => [{ data: JSON.stringify(openaiError(failure)) }],
  }
}

function deltasOf(ask: Ask, answer: Answer, index: number): Choice[] {
  const choice = (delta: Record<string, unknown>, text = ''): Choice => ({
    index,
    delta,
    logprobs: text ? logprobsOf(ask, text) : null,
    finish_reason: null,
  })
  const calling = answer.calls.length > 0 && answer.text === ''
  const out = [choice(calling ? { role: 'assistant', content: null } : { role: 'assistant', content: '', refusal: null })]
  for (const piece of piecesOf(shownThinking(ask, answer) ?? '', ask.world.wordsPerChunk)) {
    out.push(choice({ reasoning_content: piece }))
  }
  for (const piece of piecesOf(answer.text, ask.world.wordsPerChunk)) out.push(choice({ content: piece }, piece))
  for (const [at, call] of answer.calls.entries()) {
    const first = { index: at, id: ask.ids('call_', 24), type: 'function', function: { name: call.name, arguments: '' } }
    out.push(choice({ tool_calls: [first] }))
    for (const piece of jsonPiecesOf(call.args)) {
      out.push(choice({ tool_calls: [{ index: at, function: { arguments: piece } }] }))
    }
  }
  return out
}

/** The answers of one request come side by side. */
function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat()
}

function logprobsOf({ body }: Ask, text: string): { content: unknown[]; refusal: null } | null {
  if (body.logprobs !== true) return null
  const entry = (token: string, logprob: number) => ({ token, logprob, bytes: [...new TextEncoder().encode(token)] })
  const content = tokensOf(text).map((token) => ({
    ...entry(token, -0.01),
    top_logprobs: Array.from({ length: asNumber(body.top_logprobs) ?? 0 }, (_, rank) =>
      entry(rank === 0 ? token : `${token}${rank}`, -0.01 - rank),
    ),
  }))
  return { content, refusal: null }
}
