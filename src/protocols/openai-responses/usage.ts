/** Usage. OpenAI counts by inclusion: `input_tokens` holds what was read from and written to the cache, `output_tokens` the reasoning. */
import type { ResponseUsage } from 'openai/resources/responses/responses'
import { asObject, asObjects, asString, isObject } from '../../core/json.js'
import { inputTotal, outputTotal, total, type Usage, usageOf } from '../../core/usage.js'
import { type Beside, type Helper, withBeside } from '../beside.js'
import { withCharge } from '../charge.js'
import { asCount } from '../counts.js'

/** Of a whole answer, or as much of one as tells it. */
export function usageIn(response: unknown): Usage | undefined {
  const answer = asObject(response)
  const usage = decodeUsage(answer.usage)
  return usage && withBeside(usage, toolsIn(answer))
}

export function decodeUsage(told: unknown): Usage | undefined {
  if (!isObject(told)) return undefined
  const input = asCount(told.input_tokens)
  const output = asCount(told.output_tokens)
  if (input === undefined || output === undefined) return undefined
  // A detail can be no more than the whole that it is a part of: the sum stays the vendor's own.
  const inputDetails = asObject(told.input_tokens_details)
  const cacheRead = Math.min(asCount(inputDetails.cached_tokens) ?? 0, input)
  const cacheWrite = Math.min(asCount(inputDetails.cache_write_tokens) ?? 0, input - cacheRead)
  // OpenAI's longer lifetime is 12 hours. The bucket is that of the longer of a vendor's two.
  const longWrite = Math.min(asCount(asObject(inputDetails.cache_write_tokens_details).ttl_12h_tokens) ?? 0, cacheWrite)
  const reasoning = Math.min(asCount(asObject(told.output_tokens_details).reasoning_tokens) ?? 0, output)
  const usage = usageOf({
    input: input - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite: cacheWrite - longWrite,
    cacheWrite1h: longWrite,
    output: output - reasoning,
    reasoning,
  })
  return withCharge(usage, told)
}

/**
 * OpenAI tells how many searches of the web it bills. Servers that do not tell it list them among the items, where to open
 * a page, or to look for a word in one, is none. https://developers.openai.com/api/docs/guides/tools-web-search
 */
export function toolsIn({ tool_usage, output, tools }: Record<string, unknown>): Beside {
  const { web_search, image_gen } = asObject(tool_usage)
  const items = asObjects(output)
  return {
    searches: asCount(asObject(web_search).num_requests) ?? items.filter(isSearch).length,
    preview: asObjects(tools).some(({ type }) => asString(type)?.startsWith('web_search_preview')),
    fileSearches: items.filter(({ type, status }) => type === 'file_search_call' && status !== 'failed').length,
    models: [...drawn(asObject(image_gen), tools), ...items.flatMap(written)],
  }
}

/** Older answers have no `action`: then there was but one that it could be. */
function isSearch({ type, status, action }: Record<string, unknown>): boolean {
  return type === 'web_search_call' && status !== 'failed' && (asObject(action).type ?? 'search') === 'search'
}

/** Another model draws, and its tokens are not among those of the one that was asked. Who names none gets the default. */
function drawn(told: Record<string, unknown>, tools: unknown): readonly Helper[] {
  const count = (from: Record<string, unknown>, name: string, most: number) => Math.min(asCount(from[name]) ?? 0, most)
  const input = count(told, 'input_tokens', Number.POSITIVE_INFINITY)
  const output = count(told, 'output_tokens', Number.POSITIVE_INFINITY)
  if (input + output === 0) return []
  const cacheRead = count(told, 'cached_tokens', input)
  const imageCacheRead = count(asObject(told.cached_tokens_details), 'cached_image_tokens', cacheRead)
  const seen = count(asObject(told.input_tokens_details), 'image_tokens', input)
  const usage = withBeside(usageOf({ input: input - cacheRead, cacheRead, output }), {
    apart: {
      imageInput: Math.min(Math.max(0, seen - imageCacheRead), input - cacheRead),
      imageCacheRead,
      // Where it does not say, all of it is a picture.
      imageOutput: count({ image_tokens: output, ...asObject(told.output_tokens_details) }, 'image_tokens', output),
    },
  })
  const tool = asObjects(tools).find(({ type }) => type === 'image_generation')
  return [{ model: asString(tool?.model) ?? 'gpt-image-2.6-sunburst', usage }]
}

/** Yet another model writes a drawing that is SVG. */
function written({ svg_usage }: Record<string, unknown>): readonly Helper[] {
  const { model, input_tokens, output_tokens, reasoning_tokens } = asObject(svg_usage)
  const usage = decodeUsage({ input_tokens, output_tokens, output_tokens_details: { reasoning_tokens } })
  return typeof model === 'string' && usage ? [{ model, usage }] : []
}

export function encodeUsage(usage: Usage): ResponseUsage {
  return {
    input_tokens: inputTotal(usage),
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite + usage.cacheWrite1h },
    output_tokens: outputTotal(usage),
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: total(usage),
  }
}
