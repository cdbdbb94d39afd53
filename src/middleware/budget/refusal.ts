import type { Call } from '../../core/call.js'
import { LeashError } from '../../core/errors.js'
import { formatUsd } from '../../core/money.js'
import type { Balance } from '../../core/store.js'
import { targetName } from '../../core/target.js'
import type { Rule, Scope } from './rules.js'

const rules = new WeakMap<LeashError, Rule>()
const figures = new WeakMap<LeashError, Figures>()

/** What the refusal of a call came of. Amounts are in the unit; US dollars as nano-dollars. */
export interface Figures {
  readonly rule: string
  readonly unit: string
  readonly limit: number
  /** Spent, and set aside for calls under way. */
  readonly taken: number
  /** What the call could have used. */
  readonly amount: number
}

/** Undefined for a refusal that came of something else than a limit. */
export function figuresBehind(error: LeashError): Figures | undefined {
  return figures.get(error)
}

/** The budget that refused a call. */
export function ruleBehind(error: unknown): Rule | undefined {
  return error instanceof LeashError ? rules.get(error) : undefined
}

/** What is left is not enough. */
export function exceeded(scope: Scope, { spent, reserved }: Balance, amount: number, now: number): LeashError {
  const { rule, unit, limit, endsAt } = scope
  const left = Math.max(0, limit - spent - reserved)
  const held = reserved > 0 ? `, with ${shown(scope, reserved)} set aside for calls under way` : ''
  const reset = endsAt === undefined ? '' : ` It begins anew at ${new Date(endsAt).toISOString()}.`
  const fits = amount <= limit
  const advice = [
    ...(unit === 'requests' ? [] : ['bound the answer', 'choose a cheaper model']),
    'raise the limit',
    ...(fits && (endsAt !== undefined || reserved > 0) ? ['wait'] : []),
  ].join(', or ')
  const error = refusal(
    rule,
    `The budget "${rule.name}" allows ${shown(scope, limit)} ${rule.per === 'total' ? 'in all' : `per ${rule.per}`}. ` +
      `Of these ${shown(scope, left)} ${left === 1 ? 'is' : 'are'} left${held}, and this attempt could use ${shown(scope, amount)}.${reset} ` +
      `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.`,
    fits && endsAt !== undefined ? Math.max(0, endsAt - now) : undefined,
  )
  figures.set(error, { rule: rule.name, unit, limit, taken: spent + reserved, amount })
  return error
}

export function unpriced(rule: Rule, { target }: Call): LeashError {
  return refusal(
    rule,
    `The budget "${rule.name}" counts US dollars, and the price of "${targetName(target)}" is not known. Tell it by the option \`prices\`, or let such calls pass with \`unpriced: 'warn'\`.`,
  )
}

export function unbounded(rule: Rule, { target }: Call): LeashError {
  return refusal(
    rule,
    `The budget "${rule.name}" must know how long the answer of "${targetName(target)}" can be, and nothing bounds it. Set the most tokens that it may have.`,
  )
}

function refusal(rule: Rule, message: string, retryAfterMs?: number): LeashError {
  const error = new LeashError('budget_exceeded', message, { retryAfterMs })
  rules.set(error, rule)
  return error
}

function shown({ unit }: Scope, amount: number): string {
  if (unit === 'usd') return `${formatUsd(amount)} US dollars`
  return `${amount} ${amount === 1 ? unit.slice(0, -1) : unit}`
}
