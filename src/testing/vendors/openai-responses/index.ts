/** https://platform.openai.com/docs/api-reference/responses */
import { asArray, asNumber, asObject } from '../../../core/json.js'
import { type Answer, answerTo } from '../../mock/answer.js'
import { hex } from '../../mock/ids.js'
import { type Ask, type Endpoint, json, mockTime, type Reply } from '../../mock/vendor.js'
import { countTokens, tokensOf } from '../../mock/words.js'
import { cachedTokens } from '../openai/caching.js'
import { openaiDialect, openaiHeaders } from '../openai/dialect.js'
import { checkItems, checkRequest, itemsOf } from './check.js'
import { readItems } from './read.js'
import { encryptReasoning } from './reasoning.js'
import { streamResponse } from './stream.js'

export function openaiResponses(): Endpoint {
  return { protocol: 'openai-responses', dialect: openaiDialect, answer: respond }
}

type Item = Record<string, unknown>

function respond(ask: Ask): Reply {
  const { body, world, ids } = ask
  checkRequest(body)
  const input = itemsOf(body, world)
  checkItems(input, world)
  const answer = answerTo(readItems(input, body), world.seed)
  const output = outputOf(ask, answer)
  const head = { id: ids('resp_', 48, hex), object: 'response', created_at: mockTime }
  remember(ask, head.id, input, output)
  const echo = echoOf(ask)
  const end = endOf(answer)
  const usage = usageOf(ask, input, answer)
  const whole = { ...head, ...end, ...echo, output, usage }
  if (ask.stream) return streamResponse(ask, { ...head, ...echo, ...end }, whole, output)
  return json(whole, openaiHeaders(ids))
}

function endOf(answer: Answer) {
  const cut = answer.finish === 'length'
  return {
    status: cut ? 'incomplete' : 'completed',
    background: false,
    error: null,
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
  }
}

function outputOf({ ids, body, world }: Ask, answer: Answer): Item[] {
  const status = answer.finish === 'length' ? 'incomplete' : 'completed'
  const out: Item[] = []
  if (answer.thinking !== '') {
    const shown = asObject(body.reasoning).summary ?? asObject(body.reasoning).generate_summary
    const encrypted = asArray(body.include).includes('reasoning.encrypted_content')
    out.push({
      id: ids('rs_', 48, hex),
      type: 'reasoning',
      ...(encrypted && { encrypted_content: encryptReasoning(ids('', 8), world) }),
      summary: shown ? [{ type: 'summary_text', text: answer.thinking }] : [],
    })
  }
  if (answer.text !== '' || answer.calls.length === 0) {
    const logprobs = logprobsOf(body, answer.text)
    const part = { type: 'output_text', annotations: [], logprobs, text: answer.text }
    out.push({ id: ids('msg_', 48, hex), type: 'message', status, content: [part], role: 'assistant' })
  }
  for (const call of answer.calls) {
    out.push({
      id: ids('fc_', 48, hex),
      type: 'function_call',
      status,
      arguments: call.args,
      call_id: ids('call_', 24),
      name: call.name,
    })
  }
  return out
}

function logprobsOf(body: Ask['body'], text: string): Item[] {
  if (!asArray(body.include).includes('message.output_text.logprobs')) return []
  const entry = (token: string, logprob: number) => ({ token, bytes: [...new TextEncoder().encode(token)], logprob })
  return tokensOf(text).map((token) => ({
    ...entry(token, -0.01),
    top_logprobs: Array.from({ length: asNumber(body.top_logprobs) ?? 0 }, (_, rank) => entry(token, -0.01 - rank)),
  }))
}

/** Only stored items can be referred to later; reasoning holds on to what it led to in any case. */
function remember({ body, world }: Ask, id: string, input: readonly Item[], output: readonly Item[]): void {
  const reasoning = output.find((item) => item.type === 'reasoning')
  for (const item of output) {
    if (reasoning && item !== reasoning) world.memory.reasoningOf.set(String(item.id), String(reasoning.id))
    if (body.store !== false) world.memory.items.set(String(item.id), item)
  }
  if (body.store !== false) world.memory.responses.set(id, [...input, ...output])
}

/** The request as OpenAI repeats it, its defaults filled in. */
function echoOf({ body, model }: Ask): Item {
  return {
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    model,
    output: [],
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: null, summary: null, ...asObject(body.reasoning) },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: body.service_tier === undefined || body.service_tier === 'auto' ? 'default' : body.service_tier,
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: { type: 'text' }, verbosity: 'medium', ...asObject(body.text) },
    tool_choice: body.tool_choice ?? 'auto',
    tools: asArray(body.tools),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    usage: null,
    user: body.user ?? null,
    metadata: body.metadata ?? {},
  }
}

function usageOf({ body, world }: Ask, input: readonly Item[], answer: Answer) {
  const prompt = countTokens([body.instructions, body.tools, input])
  const cached = cachedTokens([body.instructions ?? '', body.tools ?? [], ...input], prompt, world)
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: answer.tokens,
    output_tokens_details: { reasoning_tokens: answer.thinkingTokens },
    total_tokens: prompt + answer.tokens,
  }
}
