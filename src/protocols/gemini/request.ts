/** The request, in both directions. */
import { LeashError } from '../../core/errors.js'
import { asString, compact, isObject, type JsonObject } from '../../core/json.js'
import type { ChatRequest } from '../../core/message.js'
import { lookup } from '../lookup.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { decodeConfig, encodeConfig } from './config.js'
import { encodeContents } from './contents.js'
import { decodeContents } from './history.js'
import { decodeTools, encodeTools } from './tools.js'
import { message, type WireRequest } from './wire.js'

/** OpenAI's words for how fast and at what price, and Google's: https://ai.google.dev/gemini-api/docs/flex-inference */
const tiers: Readonly<Record<string, string>> = { default: 'standard', flex: 'flex', priority: 'priority' }

export function encodeRequest(request: ChatRequest, context: EncodeContext): JsonObject {
  const { lose, traits } = context
  const { system, contents } = encodeContents(request, context)
  const { config, instruction } = encodeConfig(request, context)
  if (instruction) system.push({ text: instruction })
  reportWordless(request, lose)
  const body: WireRequest = {
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    contents,
    ...encodeTools(request, context),
    ...(config && { generationConfig: config }),
    ...encodeTier(request.serviceTier, lose),
  }
  return without(body, traits.refuses ?? [], lose)
}

function reportWordless(request: ChatRequest, lose: ReportLoss): void {
  const { logitBias, user, metadata } = request
  if (logitBias && Object.keys(logitBias).length > 0) lose('logit_bias', 'dropped', 'Gemini cannot weigh single tokens.')
  if (user !== undefined) lose('user', 'dropped', 'Gemini does not ask who the end user is.')
  if (metadata && Object.keys(metadata).length > 0) lose('metadata', 'dropped', 'Gemini keeps no metadata of a call.')
}

function encodeTier(tier: string | undefined, lose: ReportLoss): { serviceTier?: string } {
  if (tier === undefined || tier === 'auto') return {}
  const serviceTier = lookup(tiers, tier)
  if (serviceTier === undefined) lose('service_tier', 'dropped', 'Google sells no such tier.')
  return serviceTier === undefined ? {} : { serviceTier }
}

/** Leaves out what the target's provider says it refuses, at the top and in `generationConfig`. */
function without(body: WireRequest, refused: readonly string[], lose: ReportLoss): JsonObject {
  if (refused.length === 0) return body
  const kept = (members: JsonObject, path: string) =>
    Object.fromEntries(
      Object.entries(members).filter(([name]) => {
        if (refused.includes(name)) lose(`${path}${name}`, 'dropped', 'The target refuses it.')
        return !refused.includes(name)
      }),
    )
  const config = body.generationConfig
  return kept({ ...body, ...(config && { generationConfig: kept(config, 'generationConfig.') }) }, '')
}

/** What a body may hold, and whether its loss is worth a word. */
const read = new Set([
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'labels',
  'serviceTier',
  'model',
])

export function decodeRequest(raw: JsonObject, lose: ReportLoss): ChatRequest {
  const body = message(raw)
  const contents = isObject(body.contents) ? [body.contents] : body.contents
  if (!Array.isArray(contents)) {
    throw new LeashError('invalid_request', '`contents` must be a list of turns, each with `role` and `parts`.', {
      param: 'contents',
    })
  }
  for (const member of Object.keys(body)) {
    if (!read.has(member)) lose(member, 'dropped', 'Other vendors have no word for it.')
  }
  return compact({
    messages: decodeContents(body.systemInstruction, contents, lose),
    ...decodeTools(body, lose),
    ...decodeConfig(body.generationConfig, lose),
    metadata: decodeLabels(body.labels),
    serviceTier: decodeTier(asString(body.serviceTier), lose),
  })
}

function decodeTier(tier: string | undefined, lose: ReportLoss): string | undefined {
  if (tier === undefined || tier === 'unspecified') return undefined
  const known = Object.entries(tiers).find(([, theirs]) => theirs === tier)?.[0]
  if (known === undefined) lose('serviceTier', 'dropped', 'Other vendors sell no such tier.')
  return known
}

function decodeLabels(labels: unknown): Record<string, string> | undefined {
  const pairs = Object.entries(typeof labels === 'object' && labels !== null ? labels : {})
  const texts = pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return texts.length > 0 ? Object.fromEntries(texts) : undefined
}
