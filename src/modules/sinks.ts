/** Tells the sinks of a call that is over. */
import { type Call, type Report, withBody } from '../core/call.js'
import type { Module, ModuleContext } from './module.js'
import type { Session } from './session.js'
import { ModuleFailure, type Slot } from './slot.js'
import { type Answered, AnswerView } from './view.js'

/** Calls of which one sink may be told at the same time: what is beyond is dropped and counted, so that a slow one does not fill the memory. */
const mostWaiting = 1000

const waiting = new WeakMap<Slot, number>()

interface Over {
  readonly report: Report
  readonly durationMs: number
}

export async function sunk(session: Session, call: Call, report: Report): Promise<void> {
  const { durationMs } = session
  await Promise.all(session.sinks().map((slot) => tell(slot, session, call, { report, durationMs })))
}

async function tell(slot: Slot, session: Session, call: Call, over: Over): Promise<void> {
  const count = waiting.get(slot) ?? 0
  if (count >= mostWaiting) {
    slot.meter.dropped++
    return
  }
  waiting.set(slot, count + 1)
  try {
    await told(slot, session, call, over)
  } catch (error) {
    slot.meter.errors++
    const name = error instanceof Error ? error.name : typeof error
    session.failed(slot, 'response', call, new ModuleFailure(`it could not be told of a call (${name})`))
  } finally {
    waiting.set(slot, (waiting.get(slot) ?? 1) - 1)
  }
}

async function told(slot: Slot, session: Session, call: Call, { report, durationMs }: Over): Promise<void> {
  const { module } = slot
  const seen = session.captures[module.sees]
  const { error } = session
  const known = shown(seen?.answered(), module)
  const answer = new AnswerView({ ...known, report, durationMs, ...(error && { error }) }, session.protocol)
  // The call is over, and so are its signal and its deadline.
  const { signal: _, deadline: __, ...over } = seen?.call ?? withoutBody(call)
  const ask = (context: ModuleContext) => module.response?.(answer, context)
  await session.consult(slot, 'response', over, ask, () => undefined)
}

/** Who reads nothing of what was said is told how it went. */
function shown(answered: Answered | undefined, { content }: Module): Partial<Answered> {
  if (content !== false) return { ...answered }
  const status = answered?.result?.status ?? answered?.status
  return status === undefined ? {} : { status }
}

/** It never came to where the sink looks: what it said has not been redacted. */
function withoutBody(call: Call): Call {
  return withBody(call, {})
}
