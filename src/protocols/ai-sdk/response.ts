/** A whole answer, in both directions. */

import { truncated } from '../../core/ending.js'
import { LeashError } from '../../core/errors.js'
import { asArray, asObject, asObjects, asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import type { AssistantPart, ChatResponse, ToolCallPart } from '../../core/message.js'
import { asJson } from '../as-json.js'
import type { DecodeContext, ReportLoss } from '../protocol.js'
import { citationsOf, Sources } from './citations.js'
import { readFinish, writeFinish } from './finish.js'
import { readShown, writeFile } from './media.js'
import { metadataOf, readCarried } from './signature.js'
import { readTier, readUsage, writeUsage } from './usage.js'
import { ours, type WireAnswer, type WireContent } from './wire.js'

export function encodeResponse({ id, model, created, choices, usage }: ChatResponse): JsonObject {
  const [choice] = choices
  const sources = new Sources()
  const body: WireAnswer = {
    content: choice?.content.flatMap((part) => writePart(part, sources)) ?? [],
    finishReason: writeFinish(choice?.finishReason ?? 'other'),
    usage: writeUsage(usage),
    response: { id, modelId: model, ...(created !== undefined && { timestamp: timestampOf(created) }) },
    warnings: [],
  }
  return asJson(body)
}

/** @param created seconds since 1970 */
export function timestampOf(created: number): string {
  return new Date(created * 1000).toISOString()
}

function writePart(part: AssistantPart, all: Sources): WireContent[] {
  switch (part.type) {
    case 'text': {
      const { citations, sources } = all.cite(part.citations ?? [])
      const text = { type: part.type, text: part.text, ...(citations.length > 0 && { citations }), ...metadataOf(part) }
      return [text, ...sources]
    }
    case 'refusal':
      return [{ type: 'text', text: part.text, ...metadataOf({}, { refusal: true }) }]
    case 'reasoning':
      return [{ type: 'reasoning', text: part.text, ...metadataOf(part) }]
    case 'tool-call': {
      const { signature } = part
      const metadata = metadataOf(signature ? { signature } : {})
      return [{ type: 'tool-call', toolCallId: part.id, toolName: part.name, input: part.arguments, ...metadata }]
    }
    default: {
      const file = writeFile(part)
      return file ? [file] : []
    }
  }
}

export function decodeResponse(body: unknown, { model, lose }: DecodeContext): ChatResponse {
  const answer = asObject(body)
  if (!Array.isArray(answer.content))
    throw new LeashError('upstream_malformed', 'The model answered without content. Send the call again.', { retryable: true })
  if (asObject(answer.finishReason).unified === 'interrupted') throw truncated()
  readWarnings(answer.warnings, lose)
  const response = asObject(answer.response)
  const usage = readUsage(answer.usage)
  const serviceTier = readTier(answer)
  const created = createdOf(response.timestamp)
  const parts = answer.content.map(asObject)
  const content = parts.flatMap((part, index) => {
    const beside = part.type === 'text' ? sourcesAfter(parts, index) : []
    return readPart(part, beside, (why) => lose(`content[${index}]`, 'dropped', why)) ?? []
  })
  return {
    id: asString(response.id) ?? '',
    model: asString(response.modelId) ?? model,
    ...(created !== undefined && { created }),
    choices: [{ content, finishReason: readFinish(answer.finishReason) }],
    ...(usage && { usage }),
    ...(serviceTier !== undefined && { serviceTier }),
  }
}

/** What the model says that it could not do. */
export function readWarnings(warnings: unknown, lose: ReportLoss): void {
  for (const { type, feature, details } of asObjects(warnings)) {
    const action = type === 'unsupported' ? 'dropped' : type === 'compatibility' ? 'approximated' : undefined
    if (action) lose(asString(feature) ?? '', action, asString(details) ?? 'The model does not support it.')
  }
}

/** Those that stand between this text and the next. */
function sourcesAfter(parts: readonly Members[], at: number): Members[] {
  const next = parts.findIndex(({ type }, index) => index > at && type === 'text')
  return parts.slice(at, next < 0 ? parts.length : next).filter(({ type }) => type === 'source')
}

/** Seconds since 1970. */
export function createdOf(timestamp: unknown): number | undefined {
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}

function readPart(part: Members, beside: readonly Members[], lost: (why: string) => void): AssistantPart | undefined {
  const carried = readCarried(part.providerMetadata)
  const { signature } = carried
  switch (part.type) {
    case 'text': {
      const text = asString(part.text) ?? ''
      if (asObject(asObject(part.providerMetadata)[ours]).refusal === true) return { type: 'refusal', text }
      return { type: 'text', text, ...citationsOf(part.citations, beside), ...(signature && { signature }) }
    }
    case 'reasoning':
      return { type: 'reasoning', text: asString(part.text) ?? '', ...carried }
    case 'tool-call':
      if (part.providerExecuted === true) break
      return readCall(part)
    case 'file':
      return readShown(part, lost)
    case 'source':
      return undefined
  }
  lost(`Parts of the type "${String(part.type)}" belong to one provider, and are not translated.`)
  return undefined
}

export function readCall(part: Members): ToolCallPart {
  const { signature } = readCarried(part.providerMetadata)
  const { input } = part
  return {
    type: 'tool-call',
    id: asString(part.toolCallId) ?? '',
    name: asString(part.toolName) ?? '',
    arguments: typeof input === 'string' ? input || '{}' : JSON.stringify(isObject(input) ? input : asArray(input)),
    ...(signature && { signature }),
  }
}
