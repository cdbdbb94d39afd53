/** A value that JSON can carry. Field order is kept on purpose: vendors' prompt caches match on bytes. */
export type Json = string | number | boolean | null | Json[] | JsonObject
export type JsonObject = { [key: string]: Json | undefined }

/** An object of which nothing is promised: a body that somebody sent, or a part of one, to be read and not changed. */
export type Members = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as an object, or an empty one: for reading bodies that nobody has promised us. */
export function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** The members of a list, each as an object; none where it is no list. */
export function asObjects(value: unknown): Record<string, unknown>[] {
  return asArray(value).map(asObject)
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function asNumber(value: unknown): number | undefined {
  const number = isExact(value) ? Number(value.rawJSON) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

const json: { parse: unknown; isRawJSON?(value: unknown): boolean } = JSON

/** A number that is kept as its text, with more digits than JavaScript's hold. */
export function isExact(value: unknown): value is { readonly rawJSON: string } {
  return typeof value === 'object' && json.isRawJSON?.(value) === true
}

/** Whether one stands anywhere in it. */
export function holdsExact(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isExact(value) || Object.values(value).some(holdsExact)
}

/** Parses JSON, or gives `undefined`: malformed text is an answer here, not an exception. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The members of a JSON object from the first of the named ones on, without parsing what stands before it. Only the
 * outermost object's own members end with it, so one of an inner object is never taken for them.
 *
 * @returns undefined when the object has no such member, or the text is no whole object
 */
export function lastMembers(text: string, names: readonly string[]): Record<string, unknown> | undefined {
  let first = -1
  for (const name of names) {
    const place = text.lastIndexOf(`"${name}"`)
    if (place >= 0 && (first < 0 || place < first)) first = place
  }
  if (first < 0 || text[0] !== '{') return undefined
  const members = parseJson(`{${text.slice(first)}`)
  return isObject(members) ? members : undefined
}

/** Drops the `undefined` members, so that a literal with optional members serialises and compares as it reads. */
export function compact<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const out: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) if (member !== undefined) out[key] = member
  return out as { [K in keyof T]: Exclude<T[K], undefined> }
}
