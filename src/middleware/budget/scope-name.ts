/** How a scope of a budget is called, in every store and to the relay: `["team","usd","red"] day 2026-11-21T00:00`. */
import { parseJson } from '../../core/json.js'

export interface ScopeName {
  /** The budget's own name. */
  readonly rule: string
  readonly unit: string
  /** Of the budget's subjects, one each. */
  readonly values: readonly string[]
  readonly window: string
}

/** Without the window: the same in all of them. */
export function lastingName({ rule, unit, values }: Omit<ScopeName, 'window'>): string {
  return JSON.stringify([rule, unit, ...values])
}

export function scopeName(lasting: string, window: string): string {
  return `${lasting} ${window}`
}

export function readScopeName(name: string): ScopeName | undefined {
  const end = name.lastIndexOf('] ') + 1
  const parts = parseJson(name.slice(0, end))
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) return undefined
  const [rule, unit, ...values] = parts
  return rule !== undefined && unit !== undefined ? { rule, unit, values, window: name.slice(end + 1) } : undefined
}
