/** Versions, as far as modules need them: three numbers, and the ranges that people write. */
type Version = readonly [number, number, number]

export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+].*)?$/.exec(text) ?? []
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)]
}

/** `*`, `1.2.3`, `^1.2.3` (as npm has it: below the next number that is not zero), `~1.2.3`, `>=1.2.3`. */
export function parseRange(range: string): ((version: Version) => boolean) | undefined {
  if (range === '*') return () => true
  const [, sign = '', text = ''] = /^(\^|~|>=|)(.*)$/.exec(range) ?? []
  const least = parseVersion(text)
  if (!least) return undefined
  const [major, minor, patch] = least
  if (sign === '') return (version) => compare(version, least) === 0
  if (sign === '>=') return (version) => compare(version, least) >= 0
  const end: Version =
    sign === '~' ? [major, minor + 1, 0] : major > 0 ? [major + 1, 0, 0] : minor > 0 ? [0, minor + 1, 0] : [0, 0, patch + 1]
  return (version) => compare(version, least) >= 0 && compare(version, end) < 0
}

export function satisfies(version: string, range: string): boolean {
  const parsed = parseVersion(version)
  return parsed !== undefined && (parseRange(range)?.(parsed) ?? false)
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}
