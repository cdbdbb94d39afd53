import type { Call, Report, Result } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import { callId } from '../../core/id.js'
import { createReport, endReport, reportResult } from '../../core/report.js'

/** Under way at a time. */
const most = 100

/** A call behind its caller's back has nobody who would give up on it. */
const longestMs = 600_000

/** Asks again what a caller was answered from a cache: calls of their own, with reports of their own, for nobody waits for them. */
export class BehindCallers {
  readonly #emitter: Emitter
  readonly #underway = new Map<string, AbortController>()

  constructor(emitter: Emitter) {
    this.#emitter = emitter
  }

  /** Of those with one key only one is under way. @param then told when the answer has been read to its end */
  ask(key: string, call: Call, ask: (again: Call) => Promise<Result>, then?: () => Promise<void>): void {
    if (this.#underway.has(key) || this.#underway.size >= most) return
    const abort = new AbortController()
    this.#underway.set(key, abort)
    const report: Report = { ...createReport(callId(), call.report.tags), refreshOf: call.id, cache: 'refresh' }
    const again: Call = { ...call, id: report.id, report, signal: abort.signal, deadline: Date.now() + longestMs }
    queueMicrotask(async () => {
      try {
        const result = reportResult(await ask(again), report, this.#emitter)
        if (result.stream) for await (const _ of result.body);
        await then?.()
      } catch {
        // What was kept stays as long as it would have stayed.
        endReport(report, this.#emitter)
      } finally {
        this.#underway.delete(key)
      }
    })
  }

  close(): void {
    for (const call of this.#underway.values()) call.abort()
  }
}
