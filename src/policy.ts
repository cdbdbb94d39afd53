/** What a relay tells its clients to hold to: those options of a leash that can be said in JSON and are not the process's own. */
import { checkOptions } from './config/schema.js'
import { LeashError } from './core/errors.js'
import { isObject } from './core/json.js'
import { isOfPolicy, ofPolicy, type ReadyModule } from './modules/ready.js'
import type { LeashOptions } from './open-leash.js'
import type { ShadowOptions } from './stack.js'

/** Budgets are held together with all other clients, each of which leases a slice; rate limits by each process for itself. */
export type Policy = Omit<Pick<LeashOptions, PolicyMember>, 'modules' | 'shadow'> &
  WithModules & { readonly shadow?: (Omit<ShadowOptions, 'modules'> & WithModules) | undefined }

interface WithModules {
  /** Ready ones, since others are code. They stand beside the process's own, which can neither change them nor take them out. */
  readonly modules?: readonly ReadyModule[] | undefined
}

const members = [
  'access',
  'budgets',
  'cache',
  'coalesce',
  'concurrency',
  'fallback',
  'headers',
  'hedge',
  'maxAttempts',
  'maxCostUsd',
  'modules',
  'rateLimit',
  'redact',
  'resume',
  'retry',
  'routes',
  'shadow',
  'strict',
  'timeouts',
] as const satisfies readonly (keyof LeashOptions)[]

export type PolicyMember = (typeof members)[number]

const isMember = (name: string): name is PolicyMember => members.some((member) => member === name)

/** Of whatever is kept by the names of a leash's options, that which is a policy's. */
export function policyMembers<T>(all: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => isMember(name)))
}

/** @throws LeashError `invalid_config` that names what is wrong in it */
export function checkPolicy(policy: unknown): Policy {
  if (!isObject(policy)) throw new LeashError('invalid_config', 'A policy is an object of options.')
  const stranger = Object.keys(policy).find((name) => !isMember(name))
  if (stranger !== undefined) {
    const known = members.join(', ')
    throw new LeashError('invalid_config', `A policy has no \`${stranger.slice(0, 100)}\`. It may have: ${known}.`)
  }
  checkOptions(policy)
  checkModules(policy.modules)
  if (isObject(policy.shadow)) checkModules(policy.shadow.modules)
  // Checked member by member, and every one of them may be left out.
  return policy as Policy
}

function checkModules(modules: unknown): void {
  if (!Array.isArray(modules)) return
  const names = modules.map((given) => ofPolicy(given).name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new LeashError('invalid_config', `Two modules of the policy have one name: give one a \`name\` of its own.`)
}

/**
 * The policy's word is the last, but for options that it does not name.
 *
 * @param before what stood before: whatever reads the same there is the very same here, so that who was made of it may be kept
 */
export function underPolicy(own: LeashOptions, policy: Policy, before?: LeashOptions): LeashOptions {
  const governed: Record<string, unknown> = { ...own }
  for (const member of members) {
    if (policy[member] === undefined) continue
    const old = before?.[member]
    governed[member] = same(old, policy[member]) ? old : policy[member]
  }
  return policy.modules
    ? { ...governed, modules: besides(own.modules ?? [], policy.modules.map(ofPolicy), before?.modules) }
    : governed
}

type Modules = NonNullable<LeashOptions['modules']>

/** What a policy asks for stands beside what the process has. */
function besides(own: Modules, asked: Modules, before: Modules = []): Modules {
  return before.length > 0 &&
    same(
      before.filter((given) => 'name' in given && isOfPolicy(given.name)),
      asked,
    )
    ? before
    : [...own, ...asked]
}

/** Both were JSON, or one is a process's own and so no equal of the other. */
function same(one: unknown, other: unknown): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other)
}
