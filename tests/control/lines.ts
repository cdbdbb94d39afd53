import type { LedgerLine } from '../../src/core/ledger.js'
import { noUsage } from '../../src/core/usage.js'

export function lineOf(id: number | string): LedgerLine {
  return {
    id: `line ${id}`,
    callId: `call ${id}`,
    attempt: 1,
    at: 1000,
    durationMs: 5,
    provider: 'openai',
    model: 'm',
    protocol: 'openai-chat',
    outcome: 'ok',
    usage: noUsage,
    basis: 'complete',
    cost: 7,
  }
}

export const linesOf = (count: number, from = 0): LedgerLine[] => Array.from({ length: count }, (_, at) => lineOf(from + at))
