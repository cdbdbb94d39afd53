/** The members of all of them, of which the later ones win. One that is `undefined`, as options are that a program has not set, says nothing. */
export function defined<T extends object>(...all: readonly (T | undefined)[]): Partial<T> {
  const merged: Partial<T> = {}
  for (const each of all) for (const name in each) if (each[name] !== undefined) merged[name] = each[name]
  return merged
}
