/** Tokens: OpenAI's totals with details inside them, and our buckets that do not overlap. */
import type OpenAI from 'openai'
import { asObject, asString, isObject } from '../../core/json.js'
import { inputTotal, outputTotal, total, type Usage, usageOf } from '../../core/usage.js'
import { withBeside } from '../beside.js'
import { withCharge } from '../charge.js'
import { asCount } from '../counts.js'

/**
 * Cached, written and audio tokens are inside `prompt_tokens`, as OpenAI, Azure, OpenRouter and LiteLLM count. Reasoning is
 * inside `completion_tokens` with OpenAI, beside it with xAI and Google's OpenAI-compatible endpoint, which does not
 * even name it: `total_tokens` tells which.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const prompt = asCount(value.prompt_tokens)
  const completion = asCount(value.completion_tokens)
  if (prompt === undefined && completion === undefined) return undefined
  const read = asObject(value.prompt_tokens_details)
  const written = asObject(value.completion_tokens_details)

  const input = new Bucketed(prompt ?? 0)
  // DeepSeek and Moonshot told it before they took over OpenAI's details.
  const cacheRead = input.take(read.cached_tokens ?? value.prompt_cache_hit_tokens ?? value.cached_tokens)
  const cacheWrite = input.take(read.cache_write_tokens)
  const beside = Math.max(0, (asCount(value.total_tokens) ?? 0) - (prompt ?? 0) - (completion ?? 0))
  // Mistral's total alone has the tokens of sound: https://docs.mistral.ai/capabilities/audio_transcription
  const heard = asCount(value.prompt_audio_seconds) ? beside : 0
  const audioInput = input.take(read.audio_tokens) + heard

  const output = new Bucketed(completion ?? 0)
  const told = asCount(written.reasoning_tokens) ?? 0
  const reasoning = beside > heard && beside >= told ? beside : output.take(told)
  const audioOutput = output.take(written.audio_tokens)

  const usage = usageOf({
    input: input.rest,
    cacheRead,
    cacheWrite,
    audioInput,
    output: output.rest,
    reasoning,
    audioOutput,
  })
  const drawn = asCount(written.image_tokens)
  return withCharge(drawn ? withBeside(usage, { apart: { imageOutput: Math.min(drawn, output.rest) } }) : usage, value)
}

/** Of an answer or a chunk: Groq's streams tell it in a member of their own. */
export function usageIn(body: unknown): Usage | undefined {
  const { usage, x_groq } = asObject(body)
  return readUsage(usage) ?? readUsage(asObject(x_groq).usage)
}

export function tierIn(body: unknown): string | undefined {
  return asString(asObject(body).service_tier)
}

/** A total from which each bucket takes its share, and never more than is left. */
class Bucketed {
  rest: number

  constructor(total: number) {
    this.rest = total
  }

  take(share: unknown): number {
    const taken = Math.min(this.rest, asCount(share) ?? 0)
    this.rest -= taken
    return taken
  }
}

export function writeUsage(usage: Usage): OpenAI.CompletionUsage {
  const written = usage.cacheWrite + usage.cacheWrite1h
  return {
    prompt_tokens: inputTotal(usage),
    completion_tokens: outputTotal(usage),
    total_tokens: total(usage),
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      ...(written > 0 && { cache_write_tokens: written }),
      audio_tokens: usage.audioInput,
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: usage.audioOutput },
  }
}
