/** What clients say of leases, read member by member: see src/control/wire.ts. */
import { asObject } from '../../core/json.js'
import { wrongIn } from '../wrong.js'

export interface Asked {
  readonly id?: string
  readonly scope: string
  readonly least: number
  readonly wanted: number
}

export interface Settled {
  readonly id: string
  readonly spent: number
  readonly beyond: number
}

const mostLeases = 1000

const wrong = wrongIn('a lease')

export function readRequest(body: unknown): Asked {
  const { id, scope, least, wanted } = asObject(body)
  if (typeof scope !== 'string' || scope === '') throw wrong('scope', 'is the name of a budget')
  if (!isAmount(least) || least === 0) throw wrong('least', 'is a whole number from 1 on')
  if (!isAmount(wanted) || wanted < least) throw wrong('wanted', 'is a whole number that is not less than `least`')
  if (id === undefined) return { scope, least, wanted }
  if (!isId(id)) throw wrong('id', 'is 22 characters of URL-safe base64, made at random')
  return { id, scope, least, wanted }
}

/** Each lease once: of all that is said of it, the least `spent` holds and the most `beyond`. */
export function readSettlement(body: unknown): Settled[] {
  const { leases } = asObject(body)
  if (!Array.isArray(leases) || leases.length > mostLeases) throw wrong('leases', `is a list of up to ${mostLeases}`)
  const settled = new Map<string, Settled>()
  for (const lease of leases) {
    const one = readSettled(lease)
    const other = settled.get(one.id) ?? one
    const [spent, beyond] = [Math.min(one.spent, other.spent), Math.max(one.beyond, other.beyond)]
    settled.set(one.id, { id: one.id, spent, beyond })
  }
  return [...settled.values()]
}

function readSettled(lease: unknown): Settled {
  const { id, spent, beyond = 0 } = asObject(lease)
  if (!isId(id)) throw wrong('id', 'is that of a lease')
  if (!isAmount(spent)) throw wrong('spent', 'is a whole number from 0 on')
  if (!isAmount(beyond)) throw wrong('beyond', 'is a whole number from 0 on')
  return { id, spent, beyond }
}

const isId = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{22}$/.test(value)

const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
