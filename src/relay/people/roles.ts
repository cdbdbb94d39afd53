/** What people and keys may do within their own tenant. The relay's administrators may do everything, everywhere. */

/** The higher first. */
export const roles = ['owner', 'admin', 'member', 'viewer'] as const
export type Role = (typeof roles)[number]

/** `all` of the tenant's, or `own`: of the same user alone. */
export type Extent = 'all' | 'own'

const table = {
  'tenant:read': { owner: 'all', admin: 'all', member: 'all', viewer: 'all' },
  'tenant:write': { owner: 'all' },
  'policy:read': { owner: 'all', admin: 'all', member: 'all', viewer: 'all' },
  'policy:write': { owner: 'all', admin: 'all' },
  'users:read': { owner: 'all', admin: 'all', member: 'own', viewer: 'all' },
  'users:write': { owner: 'all', admin: 'all' },
  'users:password': { owner: 'all', admin: 'all', member: 'own', viewer: 'own' },
  'keys:read': { owner: 'all', admin: 'all', member: 'own', viewer: 'all' },
  'keys:write': { owner: 'all', admin: 'all', member: 'own' },
  'vendor-keys:read': { owner: 'all', admin: 'all', viewer: 'all' },
  'vendor-keys:write': { owner: 'all', admin: 'all' },
  'usage:read': { owner: 'all', admin: 'all', member: 'own', viewer: 'all' },
  'audit:read': { owner: 'all', admin: 'all', viewer: 'all' },
} as const satisfies Readonly<Record<string, Partial<Record<Role, Extent>>>>

export type Right = keyof typeof table

export function extentOf(role: Role, right: Right): Extent | undefined {
  const extents: Partial<Record<Role, Extent>> = table[right]
  return extents[role]
}

/** All that a role may do, and of whom: what is not in it the role may not do. */
export function rightsOf(role: Role): Partial<Record<Right, Extent>> {
  const all = Object.entries(table).map(([right, extents]: [string, Partial<Record<Role, Extent>>]) => [right, extents[role]])
  return Object.fromEntries(all.filter(([, extent]) => extent !== undefined))
}

/** Nobody gives more than he has, or changes who has more; and members and viewers give nothing. */
export function mayGrant(own: Role, given: Role): boolean {
  return roles.indexOf(own) <= Math.min(roles.indexOf(given), roles.indexOf('admin'))
}

export const isRole = (value: unknown): value is Role => roles.some((role) => role === value)
