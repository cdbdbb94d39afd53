import { asObject, asString } from '../../core/json.js'
import type { FinishReason } from '../../core/message.js'
import type { WireFinish } from './wire.js'

const unified: Readonly<Record<FinishReason, WireFinish['unified']>> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool-calls',
  'content-filter': 'content-filter',
  refusal: 'content-filter',
  pause: 'other',
  error: 'error',
  other: 'other',
}

const reasons: ReadonlySet<string> = new Set(Object.keys(unified))

function isReason(value: string | undefined): value is FinishReason {
  return value !== undefined && reasons.has(value)
}

export function writeFinish(reason: FinishReason): WireFinish {
  return { unified: unified[reason], raw: reason }
}

/** Our own words stand beside the AI SDK's, which are fewer; a model of its own has its vendor's there: `stop_sequence`. */
export function readFinish(value: unknown): FinishReason {
  const finish = asObject(value)
  const told = asString(finish.unified)
  const raw = asString(finish.raw)?.replaceAll('_', '-')
  if (isReason(raw) && unified[raw] === told) return raw
  return isReason(told) ? told : 'other'
}
