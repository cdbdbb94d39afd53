import type { Call, Move } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'

/** That a call goes on at another target, to its report and to whoever listens. */
export function tellMove({ id, report }: Call, move: Move, emitter: Emitter | undefined): void {
  report.moves.push(move)
  if (emitter?.heard('fallback')) emitter.emit('fallback', { ...move, callId: id })
}
