import type { Detector } from '../../detect/index.js'
import type { ModuleAnswer, ModuleContext, Text } from '../module.js'

export interface LineOptions {
  readonly content: boolean
  /** Absent: nothing is taken out. */
  readonly detector: Detector | undefined
}

/** A name may be a prompt that was passed by mistake. */
const longestName = 200
/** What stands across the end of a name is looked at as a whole before it is cut. */
const mostLooked = 2 * longestName
/** Characters of all texts of one direction. */
const longestContent = 100_000

export type LogLine = Readonly<Record<string, unknown>>

export function lineOf(answer: ModuleAnswer, { call, report }: ModuleContext, { content, detector }: LineOptions): LogLine {
  const { error, target, usage, durationMs } = answer
  const quoted = {
    tenant: call.tenant,
    user: call.user,
    conversation: call.conversation,
    tags: Object.keys(call.tags).length > 0 ? call.tags : undefined,
    error: error?.message,
    annotations: report.annotations,
    ...(content && { request: said(call.texts), response: said(answer.texts) }),
  }
  return {
    at: new Date().toISOString(),
    id: report.id,
    protocol: call.protocol,
    stream: call.stream,
    outcome: error ? 'error' : report.attempts.at(-1)?.outcome === 'cancelled' ? 'cancelled' : 'ok',
    status: error?.status ?? answer.status,
    code: error?.code,
    durationMs: Math.round(durationMs),
    firstTokenMs: report.attempts.at(-1)?.firstTokenMs,
    attempts: report.attempts.length,
    usage,
    costUsd: report.cost?.usd,
    cache: report.cache,
    redactions: report.redactions,
    model: named(call.model, detector),
    target: named(target ?? call.target, detector),
    ...(cleaned(quoted, detector) as object),
  }
}

/** As it may stand in a line. */
function named(name: string, detector: Detector | undefined): string {
  const looked = name.slice(0, mostLooked)
  return (detector ? masked(looked, detector) : looked).slice(0, longestName)
}

function said(texts: readonly Text[]): readonly Text[] {
  let left = longestContent
  return texts.flatMap(({ text, kind }) => {
    const shown = text.slice(0, left)
    left -= shown.length
    return shown === '' ? [] : [{ kind, text: shown }]
  })
}

/** Names of members are cleaned too: annotations may be keyed by what was found. */
function cleaned(value: unknown, detector: Detector | undefined): unknown {
  if (!detector) return value
  if (typeof value === 'string') return masked(value, detector)
  if (Array.isArray(value)) return value.map((item) => cleaned(item, detector))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [masked(name, detector), cleaned(item, detector)]))
}

function masked(text: string, detector: Detector): string {
  const found = detector.detect(text)
  if (found.length === 0) return text
  let out = ''
  let from = 0
  for (const { start, end, type } of found) {
    out += `${text.slice(from, start)}[${type}]`
    from = end
  }
  return out + text.slice(from)
}
