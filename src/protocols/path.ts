/** Ways to values in bodies that nobody has promised us. */
import { isObject, type JsonObject } from '../core/json.js'

/** Names of members; `*` stands for every item of a list. */
export type Path = readonly string[]

/** @param paths names joined by dots. Taken apart once, for they are gone in every call */
export const at = (...paths: readonly string[]): readonly Path[] => paths.map((path) => path.split('.'))

export function valueAt(body: unknown, path: Path): unknown {
  let value = body
  for (const name of path) {
    if (!isObject(value)) return undefined
    value = value[name]
  }
  return value
}

/** Whether the path leads to something that counts. */
export function someAt(body: JsonObject, path: Path, counts: (value: unknown) => boolean): boolean {
  const [first = ''] = path
  // Most requests have few of the members that are asked for.
  return body[first] !== undefined && leadsTo(body, path, 0, counts)
}

function leadsTo(value: unknown, path: Path, place: number, counts: (value: unknown) => boolean): boolean {
  const name = path[place]
  if (name === undefined) return counts(value)
  if (name === '*') {
    if (Array.isArray(value)) return value.some((item) => leadsTo(item, path, place + 1, counts))
    // Google takes a single item for a list of one.
    return isObject(value) && leadsTo(value, path, place + 1, counts)
  }
  return isObject(value) && leadsTo(value[name], path, place + 1, counts)
}

/** All strings that the path leads to. */
export function stringsAt(body: unknown, path: Path): string[] {
  const found: string[] = []
  collect(body, path, 0, found)
  return found
}

function collect(value: unknown, path: Path, place: number, found: string[]): void {
  const name = path[place]
  if (name === undefined) {
    if (typeof value === 'string') found.push(value)
  } else if (name === '*') {
    if (Array.isArray(value)) for (const item of value) collect(item, path, place + 1, found)
  } else if (isObject(value)) collect(value[name], path, place + 1, found)
}
