/** What a call says for itself: a word that is mistyped, or no number where one is meant, would lift a limit in silence. */
import type { CallOptions, SlowStream, Timeouts } from './call.js'
import { LeashError } from './errors.js'
import { isObject } from './json.js'

/** @returns what is wrong with the value at this place */
type Rule = (value: unknown, path: string) => string | undefined

type Rules<T> = { readonly [name in keyof T]-?: Rule }

const rule =
  (expected: string, is: (value: unknown) => boolean): Rule =>
  (value, path) =>
    is(value) ? undefined : `\`${path}\`: ${expected}`

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value)
const oneOf = (...words: readonly string[]) =>
  rule(`must be ${words.join(' or ')}`, (value) => typeof value === 'string' && words.includes(value))
const count = (least: number) =>
  rule(`must be a whole number from ${least} on`, (value) => Number.isSafeInteger(value) && Number(value) >= least)

const text = rule('expected string', (value) => typeof value === 'string')
/** A program without types may have numbers for its customers, or nobody at all. */
const isName = (value: unknown) => value == null || ['string', 'number', 'boolean'].includes(typeof value)
const who = rule('expected string', isName)
const flag = rule('expected boolean', (value) => typeof value === 'boolean')
const number = rule('expected number', isNumber)
const milliseconds = rule('expected milliseconds', (value) => isNumber(value) && value >= 0)
/** Also as a text, which is read to the last digit. */
const usd = rule('expected US dollars', (value) => isNumber(value) || typeof value === 'string')

const slowStream: Rules<SlowStream> = { tokensPerSecond: number, windowMs: milliseconds, hold: flag }

const timeouts: Rules<Timeouts> = {
  attemptMs: milliseconds,
  firstTokenMs: milliseconds,
  idleMs: milliseconds,
  slowStream: (value, path) => (value === false ? undefined : faultIn(value, slowStream, path)),
}

const callOptions: Rules<CallOptions> = {
  tags: rule('expected texts by name', (value) => isObject(value) && Object.values(value).every(isName)),
  tenant: who,
  user: who,
  conversation: who,
  key: who,
  priority: oneOf('high', 'normal', 'low'),
  strict: flag,
  // Of somebody's time nothing may be left, or less.
  deadlineMs: number,
  maxRetries: count(0),
  maxAttempts: count(1),
  fallback: rule('must be a list of models, or false', (value) => value === false || Array.isArray(value)),
  prefer: oneOf('cost', 'latency', 'quality'),
  maxCostUsd: usd,
  budgetUsd: usd,
  stopAtUsd: usd,
  costs: flag,
  dryRun: flag,
  timeouts: (value, path) => faultIn(value, timeouts, path),
  idempotencyKey: text,
  hedge: flag,
  coalesce: flag,
  resume: flag,
  cache: rule(
    "must be `false`, `'refresh'` or `{ ttlMs }`",
    (value) => value === false || value === 'refresh' || (isObject(value) && isNumber(value.ttlMs)),
  ),
}

/** @throws LeashError `invalid_config` that names the option at fault */
export function checkCall(name: string, value: unknown): void {
  const fault = faultOf(name, value, callOptions, 'leash')
  if (fault !== undefined) throw new LeashError('invalid_config', `${fault}.`)
}

function faultOf<T>(name: string, value: unknown, rules: Rules<T>, path: string): string | undefined {
  if (value === undefined) return undefined
  const at = `${path}.${name}`
  if (!Object.hasOwn(rules, name)) return `unknown option \`${at}\` (known: ${Object.keys(rules).join(', ')})`
  return rules[name as keyof T](value, at)
}

function faultIn<T>(given: unknown, rules: Rules<T>, path: string): string | undefined {
  if (!isObject(given)) return `\`${path}\`: expected object`
  for (const [name, value] of Object.entries(given)) {
    const fault = faultOf(name, value, rules, path)
    if (fault !== undefined) return fault
  }
  return undefined
}
