import type { Report, Result } from './call.js'
import type { Emitter } from './emitter.js'
import { atEnd } from './ending.js'
import { hidden } from './hidden.js'
import { type Nano, usdOf } from './money.js'

const waiting = hidden<((report: Report) => void)[]>()

export function createReport(id: string, tags: Report['tags'], mirrorOf?: string): Report {
  return { id, attempts: [], moves: [], warnings: [], ...(tags && { tags }), ...(mirrorOf && { mirrorOf }), ended: false }
}

/** Writes into the report who answers, and closes it when the answer is complete. @returns the result to hand on */
export function reportResult(result: Result, report: Report, emitter: Emitter): Result {
  const { attempt } = result
  if (attempt) {
    report.provider = attempt.provider
    report.model = attempt.model
  }
  return atEnd(result, () => {
    if (attempt?.usage) report.usage = attempt.usage
    endReport(report, emitter)
  })
}

/** The sum of the attempts, where they were booked. */
function tellCost(report: Report): void {
  let nano: Nano | null = 0
  let booked = false
  for (const { cost } of report.attempts) {
    if (cost === undefined) continue
    booked = true
    nano = cost === null || nano === null ? null : nano + cost
  }
  if (booked) report.cost = { usd: nano === null ? null : usdOf(nano), estimated: report.attempts.some((it) => it.estimated) }
}

/** Exactly once per call: closes the report and tells everybody who waits for it. */
export function endReport(report: Report, emitter: Emitter): void {
  if (report.ended) return
  report.ended = true
  tellCost(report)
  if (emitter.heard('result')) emitter.emit('result', report)
  for (const tell of waiting.get(report)?.splice(0) ?? []) tell(report)
}

/** The report once its call has ended, in whatever way. */
export function whenEnded(report: Report): Promise<Report> {
  if (report.ended) return Promise.resolve(report)
  return new Promise((resolve) => {
    const tellers = waiting.get(report)
    if (tellers) tellers.push(resolve)
    else waiting.set(report, [resolve])
  })
}
