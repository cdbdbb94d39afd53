import type { Detector } from '../../detect/index.js'
import type { ModuleAnswer, ModuleContext, Text } from '../module.js'

export interface LineOptions {
  readonly content: boolean
  /** Absent: nothing is taken out. */
  readonly detector: Detector | undefined
}

/** A name may be a prompt that was passed by mistake. */
const longestName = 200
/** What stands across the place where a text is cut is looked at as a whole. */
const lookedBeyond = 4096
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
    // A vendor's own words may quote what was said.
    error: content || !error?.byVendor ? error?.message : undefined,
    annotations: report.annotations,
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
    ...(content && { request: said(call.texts, detector), response: said(answer.texts, detector) }),
  }
}

/** As it may stand in a line. */
function named(name: string, detector: Detector | undefined): string {
  return masked(name, detector, longestName).slice(0, longestName)
}

function said(texts: readonly Text[], detector: Detector | undefined): readonly Text[] {
  let left = longestContent
  return texts.flatMap(({ text, kind }) => {
    if (text === '' || left === 0) return []
    const shown = masked(text, detector, left).toWellFormed()
    left -= Math.min(left, text.length)
    return [{ kind, text: shown }]
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

/** @param most characters of the text that may be shown */
function masked(text: string, detector: Detector | undefined, most = text.length): string {
  let out = ''
  let from = 0
  for (const { start, end, type } of detector?.detect(text.slice(0, most + lookedBeyond)) ?? []) {
    if (start >= most) break
    out += `${text.slice(from, start)}[${type}]`
    from = end
  }
  return out + text.slice(from, Math.max(from, most))
}
