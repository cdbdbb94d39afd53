import type { Report } from './call.js'
import type { Emitter } from './emitter.js'

const waiting = new WeakMap<Report, ((report: Report) => void)[]>()

export function createReport(id: string, tags: Report['tags'], mirrorOf?: string): Report {
  return { id, attempts: [], moves: [], warnings: [], ...(tags && { tags }), ...(mirrorOf && { mirrorOf }), ended: false }
}

/** Exactly once per call: closes the report and tells everybody who waits for it. */
export function endReport(report: Report, emitter: Emitter): void {
  if (report.ended) return
  report.ended = true
  if (emitter.heard('result')) emitter.emit('result', report)
  for (const tell of waiting.get(report) ?? []) tell(report)
  waiting.delete(report)
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
