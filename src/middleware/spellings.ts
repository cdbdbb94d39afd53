/** Names as rules have them, and the other names of one model, by which nobody gets around what is said of it. */

/** Paths to a model have so many parts at most. */
const mostParts = 10

/** The reach of an inference profile: `us.anthropic.claude-…`. */
const reach = /^[a-z-]+\.(?=[a-z\d]+\.)/

export const lower = (text: string): string => text.toLowerCase()

/** @param patterns names; a `*` at the end of one makes it a group */
export function among(patterns: string | readonly string[]): (names: readonly string[]) => boolean {
  const all = [patterns].flat()
  return (names) =>
    all.some((pattern) =>
      names.some((name) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern)),
    )
}

/**
 * A vendor's full name for a model has the path to it in front (`models/…`, `publishers/google/models/…`, an ARN), or its reach,
 * and some take either case.
 *
 * @returns in lower case, each with the provider in front and without
 */
export function spellings(name: string, provider = ''): readonly string[] {
  const parts = lower(name).split('/').slice(-mostParts)
  const last = parts.at(-1) ?? ''
  const shorter = [...parts.map((_, at) => parts.slice(at).join('/')), last.replace(reach, '')]
  return shorter.flatMap((short) => [short, `${lower(provider)}/${short}`])
}

/** Google's names with the path in front, and without, count as the same. */
export function shortName(model: string): string {
  return model.replace(/^(?:publishers\/[^/]+\/)?models\//, '')
}
