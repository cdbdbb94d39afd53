/** Ways to values in bodies that nobody has promised us. */
import { isObject } from '../core/json.js'

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

/** All that the path leads to. */
export function valuesAt(body: unknown, path: Path): readonly unknown[] {
  const star = path.indexOf('*')
  if (star === -1) return [valueAt(body, path)]
  const items = valueAt(body, path.slice(0, star))
  const rest = path.slice(star + 1)
  return Array.isArray(items) ? items.flatMap((item) => valuesAt(item, rest)) : []
}
