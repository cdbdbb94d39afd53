/** Members of bodies that are read one by one, so that each that is wrong is named. */
import { LeashError } from '../../core/errors.js'
import { isObject, type Members } from '../../core/json.js'

/** @throws LeashError `invalid_request` that names members which nobody reads: a slip of the pen is not to pass in silence */
export function only(body: Members, names: readonly string[]): void {
  const stranger = Object.keys(body).find((name) => !names.includes(name))
  if (stranger === undefined) return
  throw new LeashError('invalid_request', `There is no \`${stranger.slice(0, 100)}\`. Known: ${names.join(', ')}.`, {
    param: stranger.slice(0, 100),
  })
}

/** The same of a query: with a filter that is mistyped, all would be told. */
export function queryIn<N extends string>(
  query: Readonly<Record<string, string>>,
  names: readonly N[],
): { readonly [K in N]?: string } {
  only(query, names)
  return query as { readonly [K in N]?: string }
}

export function text<N extends string>(body: Members, name: N): { readonly [K in N]?: string } {
  const value = body[name]
  if (value === undefined) return {}
  if (typeof value !== 'string') throw wrong(name, 'a string')
  return { [name]: value } as { readonly [K in N]?: string }
}

export function required(body: Members, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw wrong(name, 'a string')
  return value
}

export function flag<N extends string>(body: Members, name: N): { readonly [K in N]?: boolean } {
  const value = body[name]
  if (value === undefined) return {}
  if (typeof value !== 'boolean') throw wrong(name, 'true or false')
  return { [name]: value } as { readonly [K in N]?: boolean }
}

const date = /^(?<day>\d{4}-\d\d-\d\d)(?<time>T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?<zone>Z|[+-]\d\d:\d\d)?)?$/

/**
 * `Date.parse` takes a time without a zone for that of this machine, finds a year in almost anything, and a day in March for the
 * 30th of February.
 *
 * @returns milliseconds since 1970; NaN where it is no date
 */
export function timeIn(text: string): number {
  const { day, time, zone } = date.exec(text)?.groups ?? {}
  const from = Date.parse(day ?? '')
  if (day === undefined || Number.isNaN(from) || !new Date(from).toISOString().startsWith(day)) return Number.NaN
  return Date.parse(time !== undefined && zone === undefined ? `${text}Z` : text)
}

/** Milliseconds since 1970, or a date. */
export function moment<N extends string>(body: Members, name: N): { readonly [K in N]?: number } {
  const value = body[name]
  if (value === undefined) return {}
  const at = typeof value === 'string' ? timeIn(value) : value
  if (typeof at !== 'number' || !Number.isSafeInteger(at))
    throw wrong(name, 'a date such as 2027-01-01, or milliseconds since 1970')
  return { [name]: at } as { readonly [K in N]?: number }
}

export function metadataOf(body: Members): { readonly metadata?: Record<string, string> } {
  const { metadata } = body
  if (metadata === undefined) return {}
  const entries = isObject(metadata) ? Object.entries(metadata) : undefined
  if (!entries?.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    throw wrong('metadata', 'an object of strings')
  return { metadata: Object.fromEntries(entries) }
}

export function oneOf<N extends string, V extends string>(
  body: Members,
  name: N,
  values: readonly V[],
): { readonly [K in N]?: V } {
  const value = body[name]
  if (value === undefined) return {}
  const found = values.find((known) => known === value)
  if (found === undefined) throw wrong(name, `one of ${values.join(', ')}`)
  return { [name]: found } as { readonly [K in N]?: V }
}

const wrong = (name: string, what: string) => new LeashError('invalid_request', `\`${name}\` is ${what}.`, { param: name })
