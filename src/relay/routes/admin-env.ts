/** What the routes of the administration have in common. */
import type { Context } from 'hono'
import { LeashError } from '../../core/errors.js'
import { asObject } from '../../core/json.js'
import { jsonOf } from '../body.js'
import { mostBytes } from './context.js'

/** Who the administrator is that asks: the id of his key, and whose it is. */
export type AdminEnv = { Variables: { actor: string; tenant: string } }

export async function bodyOf(c: Context<AdminEnv>): Promise<Record<string, unknown>> {
  return asObject(await jsonOf(c.req.raw, mostBytes))
}

export function limitOf(c: Context<AdminEnv>): { limit?: number } {
  const limit = Number(c.req.query('limit') ?? Number.NaN)
  return Number.isInteger(limit) && limit > 0 ? { limit: Math.min(limit, 1000) } : {}
}

/** So that there is always an administrator left. @throws LeashError 409 */
export function notOneself(acted: string, own: string): void {
  if (acted !== own) return
  throw new LeashError('invalid_request', 'That would lock you out. Do it with the key of another administrator.', {
    status: 409,
  })
}
