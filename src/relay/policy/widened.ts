/**
 * What of a policy only the relay's administrators let it say. Who looks after a tenant decides for that tenant; whom the relay
 * asks by its own keys, and what it says there beside them, is not for one tenant to decide.
 */
import type { AccessOptions, AccessRule } from '../../middleware/access.js'
import { among, lower } from '../../middleware/spellings.js'
import type { Policy } from '../../policy.js'

type Next = Pick<Policy, 'access' | 'headers'>

/** @param known policies that say already what they may @returns why it is for them, undefined when it is not */
export function widened(next: Next, known: readonly Next[]): string | undefined {
  const opened = next.access?.raw?.find((provider) => !known.some(({ access }) => access?.raw?.includes(provider)))
  // Behind it lies what other tenants have there, too.
  if (opened !== undefined) return "open a vendor's own API: `access.raw`"
  if (!known.some(({ access }) => isWithin(next.access, access)))
    return "let a policy's `access` reach further than that of the relay's default: keep what it denies, and allow no others"
  return newHeader(next, known)
}

/** By one, a tenant would be another organisation or project of the vendor's, who knows the relay by its key. */
export function newHeader({ headers = {} }: Next, known: readonly Next[]): string | undefined {
  const said = new Set(known.flatMap(({ headers = {} }) => Object.entries(headers).map(lineOf)))
  return Object.entries(headers).every((header) => said.has(lineOf(header))) ? undefined : 'say `headers`'
}

const lineOf = ([name, value]: readonly [string, string]) => `${lower(name)}: ${value}`

function isWithin(next: AccessOptions = {}, bound?: AccessOptions): boolean {
  if (!bound) return true
  const parts = (['models', 'providers'] as const).every((part) => isNarrower(next[part], bound[part]))
  return parts && isWithin(next, bound.also)
}

/** As it is written: what is denied in other words is not seen. */
function isNarrower({ allow, deny = [] }: AccessRule = {}, bound: AccessRule = {}): boolean {
  const denies = among(deny.map(lower))
  const allows = bound.allow && among(bound.allow)
  return (bound.deny ?? []).every((one) => denies([lower(one)])) && (!allows || (allow ?? ['*']).every((one) => allows([one])))
}
