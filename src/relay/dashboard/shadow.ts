/** A policy that is tried out: what would refuse calls stands in its `shadow`, and refuses nothing. */
import { isObject } from '../../core/json.js'

const tried = ['access', 'budgets', 'rateLimit', 'concurrency'] as const

type Policy = Readonly<Record<string, unknown>>

export interface Shadow {
  /** Whether all that would refuse stands in the shadow. */
  readonly on: boolean
  /** The text with it the other way round. Absent: there is nothing that would refuse, or no JSON. */
  readonly turned?: string
}

export function shadowOf(text: string): Shadow {
  const policy = policyIn(text)
  if (!policy) return { on: false }
  const { shadow, ...rest } = policy
  const inShadow = isObject(shadow) ? shadow : {}
  const holds = tried.some((name) => name in rest)
  if (!holds && Object.keys(inShadow).length === 0) return { on: false }
  const turned = holds ? intoShadow(rest, inShadow) : { ...rest, ...inShadow }
  return { on: !holds, turned: JSON.stringify(turned, null, 2) }
}

function intoShadow(policy: Policy, shadow: Policy): Policy {
  const moves = (name: string) => tried.some((one) => one === name)
  const [moved, stays] = [true, false].map((wanted) => Object.entries(policy).filter(([name]) => moves(name) === wanted))
  return { ...Object.fromEntries(stays ?? []), shadow: { ...shadow, ...Object.fromEntries(moved ?? []) } }
}

function policyIn(text: string): Policy | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
