import type { Call } from '../core/call.js'

/**
 * A table by model: its name as the caller wrote it, or `provider/model`. A `*` at the end makes a group of names; the exact
 * name goes before a group, the longer group before the shorter.
 */
export function byModel<T>(table: Readonly<Record<string, T>>): (call: Pick<Call, 'model' | 'target'>) => T | undefined {
  const exact = new Map(Object.entries(table))
  const groups = Object.entries(table)
    .flatMap(([name, value]) => (name.endsWith('*') ? [{ start: name.slice(0, -1), value }] : []))
    .sort((a, b) => b.start.length - a.start.length)
  if (exact.size === 0) return () => undefined

  return function find({ model, target }) {
    const names = [model, `${target.provider.name}/${target.model}`, target.model]
    for (const name of names) if (exact.has(name)) return exact.get(name)
    return groups.find(({ start }) => names.some((name) => name.startsWith(start)))?.value
  }
}
