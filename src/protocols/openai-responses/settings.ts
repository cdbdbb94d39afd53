/** The small members that both directions need: how the answer is to look, and how much to think before it. */
import type { ResponseFormatTextConfig } from 'openai/resources/responses/responses'
import type { Reasoning as WireReasoning } from 'openai/resources/shared'
import { asObject, asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import type { Reasoning, ResponseFormat } from '../../core/message.js'
import { effortFor, isEffort, takenEffort } from '../openai-efforts.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { invalid, noticeUnread } from './wire.js'

const textMembers = new Set(['format'])
const reasoningMembers = new Set(['effort', 'summary', 'generate_summary'])

export function decodeTextFormat(text: unknown, lose: ReportLoss): ResponseFormat | undefined {
  if (!isObject(text)) throw invalid('text', '`text` has to be an object.')
  noticeUnread(text, textMembers, 'text', lose)
  const format = asObject(text.format)
  switch (format.type) {
    case undefined:
      return undefined
    case 'text':
      return { type: 'text' }
    case 'json_object':
      return { type: 'json' }
    case 'json_schema':
      return decodeSchema(format)
  }
  lose('text.format', 'dropped', `The format "${String(format.type)}" has no counterpart outside the Responses API.`)
  return undefined
}

function decodeSchema(format: Members): ResponseFormat {
  const name = asString(format.name)
  const description = asString(format.description)
  if (!name) throw invalid('text.format.name', 'A json_schema format needs a `name`.')
  if (!isObject(format.schema)) throw invalid('text.format.schema', 'A json_schema format needs its `schema` as an object.')
  return {
    type: 'json-schema',
    name,
    ...(description !== undefined && { description }),
    schema: format.schema as JsonObject,
    ...(typeof format.strict === 'boolean' && { strict: format.strict }),
  }
}

export function encodeFormat(format: ResponseFormat): ResponseFormatTextConfig {
  if (format.type === 'text') return { type: 'text' }
  if (format.type === 'json') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return {
    type: 'json_schema',
    name,
    ...(description !== undefined && { description }),
    schema,
    ...(strict !== undefined && { strict }),
  }
}

export function decodeReasoning(reasoning: unknown, lose: ReportLoss): Reasoning {
  if (!isObject(reasoning)) throw invalid('reasoning', '`reasoning` has to be an object.')
  noticeUnread(reasoning, reasoningMembers, 'reasoning', lose)
  const { effort } = reasoning
  const summary = reasoning.summary ?? reasoning.generate_summary
  if (typeof effort === 'string' && !isEffort(effort)) lose('reasoning.effort', 'dropped', `The effort "${effort}" is unknown.`)
  if (summary === 'concise' || summary === 'detailed')
    lose('reasoning.summary', 'approximated', 'Other vendors show the thinking or do not: its length cannot be asked for.')
  return { ...(isEffort(effort) && { effort }), ...(typeof summary === 'string' && { show: true }) }
}

export function encodeReasoning(
  { effort, budget, show }: Reasoning,
  { model, traits, lose }: EncodeContext,
): WireReasoning | undefined {
  if (budget !== undefined) {
    lose(
      'reasoning.budget',
      effort ? 'dropped' : 'approximated',
      'The Responses API grades the thinking and does not count its tokens.',
    )
  }
  const asked = effort ?? (budget === undefined ? undefined : effortFor(budget))
  if (asked === undefined && !show) return undefined
  const graded = asked && takenEffort(traits.baseModel ?? model, asked, lose)
  return { ...(graded && { effort: graded }), ...(show && { summary: 'auto' }) }
}
