/**
 * Shapes of options, in zod's words and a tenth of its weight: checking its options must not be a fifth of what a client
 * loads before its first call. Files, which only a server reads, are checked by zod itself.
 */
import { LeashError } from './errors.js'
import { isObject } from './json.js'

export interface Fault {
  readonly path: readonly string[]
  readonly message: string
  /** A member that is in no shape: whoever wrote it meant this shape, and mistyped. */
  readonly unknown?: true
}

type Check = (value: unknown, path: readonly string[]) => readonly Fault[]

/** @returns what is wrong with a value of the right type; undefined when nothing is */
type Refinement = (value: never) => string | undefined

/** What it is made of, for whoever tells it in other words: src/config/json-schema.ts. */
interface Made {
  readonly expected?: string
  readonly values?: readonly (string | number | boolean)[]
  readonly items?: Shape
  /** Of a record. */
  readonly each?: Shape
  readonly forms?: readonly Shape[]
  readonly members?: Readonly<Record<string, Shape>>
  readonly refinements?: readonly Refinement[]
}

export interface Shape extends Made {
  readonly faults: Check
  readonly optional?: true
  check(...refinements: readonly Refinement[]): Shape
}

export interface ObjectShape extends Shape {
  readonly members: Readonly<Record<string, Shape>>
}

const fine: readonly Fault[] = []

function shape(faults: Check, made: Made): Shape {
  return {
    ...made,
    faults,
    check: (...refinements) =>
      shape(
        (value, path) => {
          const found = faults(value, path)
          if (found.length > 0) return found
          return refinements.flatMap((refine) => {
            const message = refine(value as never)
            return message === undefined ? [] : [{ path, message }]
          })
        },
        { ...made, refinements: [...(made.refinements ?? []), ...refinements] },
      ),
  }
}

export const string = (): Shape => custom((value) => typeof value === 'string', 'a string')
export const boolean = (): Shape => custom((value) => typeof value === 'boolean', 'a boolean')
export const number = (): Shape => custom((value) => typeof value === 'number' && Number.isFinite(value), 'a number')
export const int = (): Shape => custom(Number.isSafeInteger, 'a whole number')

/** @param expected what it must be, with its article */
export function custom(is: (value: unknown) => boolean, expected: string): Shape {
  return shape((value, path) => (is(value) ? fine : [mustBe(expected, path)]), { expected })
}

function mustBe(expected: string, path: readonly string[]): Fault {
  return { path, message: `must be ${expected}` }
}

export function oneOf(values: readonly (string | number | boolean)[]): Shape {
  const expected = values.map((value) => JSON.stringify(value)).join(' or ')
  return { ...custom((value) => values.some((known) => known === value), expected), values }
}
export const literal = (value: string | number | boolean): Shape => oneOf([value])
export { oneOf as enum }

export function optional(inner: Shape): Shape {
  return { ...inner, optional: true }
}

export function array(items: Shape): Shape {
  return shape(
    (value, path) => {
      if (!Array.isArray(value)) return [mustBe('a list', path)]
      return value.flatMap((item, index) => items.faults(item, [...path, String(index)]))
    },
    { items },
  )
}

export function record(key: Shape, each: Shape): Shape {
  return shape(
    (value, path) => {
      if (!isObject(value)) return [mustBe('an object', path)]
      return Object.entries(value).flatMap(([name, member]) => {
        if (member === undefined) return fine
        const at = [...path, name]
        return key.faults(name, at).length > 0
          ? [{ path: at, message: 'has a name that is not taken here' }]
          : each.faults(member, at)
      })
    },
    { each },
  )
}

/** The first form that fits. When none does, the one that was meant tells its faults, which fails further in; else each says what it must be. */
export function union(forms: readonly Shape[]): Shape {
  return shape(
    (value, path) => {
      const all = forms.map((form) => form.faults(value, path))
      if (all.some((faults) => faults.length === 0)) return fine
      const meant = all.find(([first]) => first && (first.unknown || first.path.length > path.length))
      return meant ?? [mustBe(all.map(([first]) => first?.message.replace(/^must be /, '')).join(' or '), path)]
    },
    { forms },
  )
}

export function strictObject(members: Readonly<Record<string, Shape>>): ObjectShape {
  const faults: Check = (value, path) => {
    if (!isObject(value)) return [mustBe('an object', path)]
    const strange = Object.keys(value).filter((name) => !Object.hasOwn(members, name))
    const wrong = Object.entries(members).flatMap(([name, member]) =>
      value[name] === undefined && member.optional ? fine : member.faults(value[name], [...path, name]),
    )
    if (strange.length === 0) return wrong
    const list = strange.map((name) => `\`${[...path, name].join('.')}\``).join(', ')
    return [...wrong, { path, message: `unknown option ${list} (known: ${Object.keys(members).join(', ')})`, unknown: true }]
  }
  return { ...shape(faults, { members }), members }
}

export const minimum =
  (least: number) =>
  (value: number): string | undefined =>
    value < least ? `must be at least ${least}` : undefined

export const maximum =
  (most: number) =>
  (value: number): string | undefined =>
    value > most ? `must be at most ${most}` : undefined

export const minLength =
  (least: number) =>
  (value: string): string | undefined =>
    value.length < least ? `must be at least ${least}` : undefined

export const regex =
  (pattern: RegExp) =>
  (value: string): string | undefined =>
    pattern.test(value) ? undefined : 'must be of another form'

/** In words that show no value: it may be a key. */
export const told = ({ path, message, unknown }: Fault): string =>
  unknown ? message : `\`${path.join('.') || 'options'}\`: ${message}`

/** @throws LeashError `invalid_config` that names whatever is wrong */
export function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new LeashError('invalid_config', `${faults.map(told).join('; ')}.`)
}
