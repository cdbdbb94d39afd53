/** Which calls a module is for. */
import type { Call } from '../core/call.js'
import { LeashError } from '../core/errors.js'
import { isObject } from '../core/json.js'
import { compilePattern, loadPatternEngine, type Pattern, type PatternEngine } from '../core/patterns.js'
import type { ModuleCall } from './module.js'

/** All that it names must hold. What is absent equals nothing. */
export interface Match {
  readonly eq?: string
  readonly ne?: string
  readonly in?: readonly string[]
  readonly not_in?: readonly string[]
  /** Anywhere in it, in RE2's syntax: no look-around, no back-references, linear in the text. */
  readonly regex?: string
}

/** All of its members must hold. A string is what `eq` is. */
export interface Condition {
  readonly tenant?: string | Match
  readonly user?: string | Match
  readonly protocol?: string | Match
  /** Where the call would go first. */
  readonly provider?: string | Match
  /** As that provider names it. */
  readonly model?: string | Match
  readonly tags?: Readonly<Record<string, string | Match>>
  /** Case of their names does not count. */
  readonly headers?: Readonly<Record<string, string | Match>>
}

/** A list: one of them must hold. */
export type When = Condition | readonly Condition[] | ((call: ModuleCall) => boolean)

export type Applies = (call: Call, view: () => ModuleCall) => boolean

type Test = (value: string | undefined) => boolean

const plain = {
  tenant: ({ options }: Call) => options.tenant,
  user: ({ options }: Call) => options.user,
  protocol: ({ protocol }: Call) => protocol,
  provider: ({ target }: Call) => target.provider.name,
  model: ({ target }: Call) => target.model,
} as const

const named = {
  tags: ({ options }: Call, name: string) => options.tags?.[name],
  headers: ({ headers, here }: Call, name: string) => headers[name.toLowerCase()] ?? here?.headers.get(name) ?? undefined,
} as const

const operators = ['eq', 'ne', 'in', 'not_in', 'regex']

/** @throws LeashError `invalid_config` that names the member at fault */
export function checkWhen(when: unknown, path: string): void {
  if (when === undefined || typeof when === 'function') return
  if (Array.isArray(when)) {
    for (const [index, condition] of when.entries()) checkWhen(condition, `${path}.${index}`)
    return
  }
  if (!isObject(when)) throw wrong(path, 'is a condition, a list of them, or a function')
  for (const [member, value] of Object.entries(when)) {
    const at = `${path}.${member}`
    if (member in plain) checkMatch(value, at)
    else if (!(member in named))
      throw wrong(at, `is no condition (known: ${[...Object.keys(plain), ...Object.keys(named)].join(', ')})`)
    else if (!isObject(value)) throw wrong(at, 'is a record of conditions by name')
    else for (const [name, match] of Object.entries(value)) checkMatch(match, `${at}.${name}`)
  }
}

function checkMatch(match: unknown, path: string): void {
  if (typeof match === 'string') return
  if (!isObject(match)) throw wrong(path, 'is a string, or a record of eq, ne, in, not_in, regex')
  for (const [operator, value] of Object.entries(match)) {
    if (!operators.includes(operator)) throw wrong(`${path}.${operator}`, `is no operator (known: ${operators.join(', ')})`)
    const isList = operator === 'in' || operator === 'not_in'
    const fits = isList ? Array.isArray(value) && value.every((item) => typeof item === 'string') : typeof value === 'string'
    if (!fits) throw wrong(`${path}.${operator}`, isList ? 'is a list of strings' : 'is a string')
  }
}

const wrong = (path: string, what: string) => new LeashError('invalid_config', `\`${path}\` ${what}.`)

/** Loads `re2js` where a condition has a pattern. */
export async function compileWhen(when: When | undefined): Promise<Applies> {
  if (when === undefined) return () => true
  if (typeof when === 'function') return (_, view) => when(view()) === true
  const conditions = isList(when) ? when : [when]
  const engine = conditions.some(hasPattern) ? await loadPatternEngine() : undefined
  const compiled = conditions.map((condition) => compile(condition, engine))
  return (call) => compiled.some((tests) => tests.every((test) => test(call)))
}

const isList = (when: Condition | readonly Condition[]): when is readonly Condition[] => Array.isArray(when)

function matchesOf(condition: Condition): (readonly [(call: Call) => string | undefined, string | Match])[] {
  const all: (readonly [(call: Call) => string | undefined, string | Match])[] = []
  for (const [member, read] of Object.entries(plain)) {
    const match = condition[member as keyof typeof plain]
    if (match !== undefined) all.push([read, match])
  }
  for (const [member, read] of Object.entries(named)) {
    for (const [name, match] of Object.entries(condition[member as keyof typeof named] ?? {}))
      all.push([(call) => read(call, name), match])
  }
  return all
}

const hasPattern = (condition: Condition) =>
  matchesOf(condition).some(([, match]) => typeof match !== 'string' && match.regex !== undefined)

function compile(condition: Condition, engine: PatternEngine | undefined): ((call: Call) => boolean)[] {
  return matchesOf(condition).map(([read, match]) => {
    const test = testOf(match, engine)
    return (call) => test(read(call))
  })
}

function testOf(match: string | Match, engine: PatternEngine | undefined): Test {
  if (typeof match === 'string') return (value) => value === match
  const { eq, ne, in: some, not_in: none, regex } = match
  const pattern = regex === undefined ? undefined : patternOf(regex, engine)
  return (value) =>
    (eq === undefined || value === eq) &&
    (ne === undefined || value !== ne) &&
    (some === undefined || (value !== undefined && some.includes(value))) &&
    (none === undefined || value === undefined || !none.includes(value)) &&
    (pattern === undefined || (value !== undefined && pattern.matcher(value).find()))
}

function patternOf(regex: string, engine: PatternEngine | undefined): Pattern | undefined {
  return engine && compilePattern(engine, 'The `regex` of a condition', regex)
}
