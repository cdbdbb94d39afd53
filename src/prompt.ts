/** Prompts with gaps in them: a model, its parameters and messages, written once and filled for each call. */
import { LeashError } from './core/errors.js'

/** What a gap is filled with, as it stands: nothing in it is a gap itself. */
export type PromptValue = string | number | boolean

type Trim<S extends string> = S extends ` ${infer T}` | `${infer T} ` ? Trim<T> : S

type NamesInText<S extends string> = string extends S
  ? string
  : S extends `${string}{{${infer Name}}}${infer Rest}`
    ? Trim<Name> | NamesInText<Rest>
    : never

type NamesIn<T> = T extends string
  ? NamesInText<T>
  : T extends readonly unknown[]
    ? NamesIn<T[number]>
    : T extends object
      ? { [K in keyof T]: NamesIn<T[K]> }[keyof T]
      : never

/** The gaps of a template, by their names; of one that is only known at run time, any. */
export type PromptVariables<T> = { readonly [Name in NamesIn<T>]: PromptValue }

/** The template once it is filled: what a vendor's SDK takes. */
export type Filled<T> = T extends string
  ? T extends `${string}{{${string}}}${string}`
    ? string
    : T
  : T extends object
    ? { -readonly [K in keyof T]: Filled<T[K]> }
    : T

/** With nothing to fill, nothing needs to be passed. */
type Fill<T> =
  Record<never, never> extends PromptVariables<T>
    ? (variables?: PromptVariables<T>) => Filled<T>
    : (variables: PromptVariables<T>) => Filled<T>

const gap = /\{\{\s*([^{}]*?)\s*\}\}/g

/**
 * A prompt as data, such as from a file of your own: each `{{name}}` in any of its texts is a gap. Whatever holds no gap goes
 * into the request as it is.
 *
 * @returns a function from the gaps' values to the request. It fails with `invalid_request` when one is missing or unknown.
 * @throws LeashError `invalid_config` when a gap has no name
 *
 * @example
 * const summary = prompt({
 *   model: 'gpt-4o-mini',
 *   temperature: 0,
 *   messages: [{ role: 'user', content: 'Say in {{language}}, in one sentence: {{text}}' }],
 * })
 * await client.chat.completions.create(summary({ language: 'French', text }))
 */
export function prompt<const T extends object>(template: T): Fill<T> {
  const names = new Set<string>()
  mapTexts(template, (text) => {
    for (const [, name = ''] of text.matchAll(gap)) names.add(checkedName(name))
    return text
  })
  function fill(variables: Readonly<Record<string, unknown>> = {}): unknown {
    checkVariables(names, variables)
    return mapTexts(template, (text) => text.replace(gap, (_, name: string) => String(variables[name])))
  }
  return fill as Fill<T>
}

function checkedName(name: string): string {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(name)) return name
  throw new LeashError(
    'invalid_config',
    'A prompt has a gap without a name. Write it as {{name}}, of letters, digits, dots, dashes and underscores.',
  )
}

function checkVariables(names: ReadonlySet<string>, variables: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(variables)
  const missing = [...names].filter((name) => !Object.hasOwn(variables, name))
  if (missing.length > 0) throw new LeashError('invalid_request', `The prompt lacks ${list(missing)}. Pass a value for each.`)
  const unknown = given.filter((name) => !names.has(name))
  if (unknown.length > 0)
    throw new LeashError(
      'invalid_request',
      `The prompt has no ${list(unknown)}. It has ${list([...names]) || 'nothing to fill'}.`,
    )
  const wrong = given.filter((name) => !['string', 'number', 'boolean'].includes(typeof variables[name]))
  if (wrong.length > 0)
    throw new LeashError(
      'invalid_request',
      `The prompt's ${list(wrong)} must be text, a number or a boolean. Make it text first.`,
    )
}

function list(names: readonly string[]): string {
  return names.map((name) => `{{${name}}}`).join(', ')
}

/** Copies only what changes: a schema made by a helper of the vendor's SDK is more than its members. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (typeof value !== 'object' || value === null) return value
  const before: readonly [string, unknown][] = Object.entries(value)
  const after = before.map(([name, member]): [string, unknown] => [name, mapTexts(member, map)])
  if (after.every(([, member], place) => member === before[place]?.[1])) return value
  return Array.isArray(value) ? after.map(([, member]) => member) : Object.fromEntries(after)
}
