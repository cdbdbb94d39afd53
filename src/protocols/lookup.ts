/** The member of that name of a table: names come from strangers, and `constructor` is no member of ours. */
export function lookup<Value>(table: Readonly<Record<string, Value>>, name: unknown): Value | undefined {
  return typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined
}
