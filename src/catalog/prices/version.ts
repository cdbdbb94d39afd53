/** Whether two names are of different versions of a model, though one begins with the other. */

/** `us.anthropic.claude-sonnet-5-v1:0` as `anthropic.claude-sonnet-5` and `v1`. */
function split(name: string): { readonly bare: string; readonly revision: string | undefined } {
  const [, bare = name, revision] =
    /^(?:[a-z]{2}(?:-gov)?\.|apac\.|global\.|regional\.)?(.*?)(?:-(v\d+)(?::\d+)?)?$/.exec(name.toLowerCase()) ?? []
  return { bare, revision }
}

/**
 * Price data finds models by how their names begin, and so takes `claude-sonnet-5-5` for `claude-sonnet-5`: another model,
 * at another price. Dates and words behind a name are fine, one more number is not.
 */
export function isAnotherVersion(asked: string, found: string): boolean {
  const [a, f] = [split(asked), split(found)]
  if (a.revision !== undefined && f.revision !== undefined && a.revision !== f.revision) return true
  const at = a.bare.indexOf(f.bare)
  if (at === -1) return false
  // Not the month of a date: `command-r7b-12-2024`.
  return /^[-.]\d{1,2}(?!\d|-20\d\d)/.test(a.bare.slice(at + f.bare.length))
}
