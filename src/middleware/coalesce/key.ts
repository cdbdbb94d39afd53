/** Which calls are the same: all that could make a difference to the answer is equal, byte for byte. */
import { type Call, type CallOptions, type Origin, textOf } from '../../core/call.js'
import { tellingHeaders } from '../telling-headers.js'

/** What a caller may say of a call that makes no other answer of it. */
const personal: ReadonlySet<string> = new Set<keyof CallOptions>(['tags', 'user', 'key', 'deadlineMs', 'coalesce'])

/** Part of the `RequestInit` that is in the call already, or is each caller's own. */
const told: ReadonlySet<string> = new Set(['method', 'headers', 'body', 'signal'])

/** What is asked. Two calls that differ in it need not be compared further. @returns undefined when it is no JSON */
export function askedIn(call: Call): string | undefined {
  try {
    return textOf(call) ?? canonical(call.body)
  } catch {
    return undefined
  }
}

/** All else that a call is known by: of no use before another one asks the same, and so not looked at before. */
export class Circumstances {
  readonly #call: Call
  #text: string | undefined

  constructor(call: Call) {
    this.#call = call
  }

  /** False also when they cannot be compared. */
  equal(others: Circumstances): boolean {
    try {
      return this.#written() === others.#written()
    } catch {
      return false
    }
  }

  #written(): string {
    const { options, protocol, stream, model, target, remote, headers, here } = this.#call
    this.#text ??= JSON.stringify([
      options.tenant,
      protocol,
      stream,
      model,
      target.provider.name,
      target.model,
      remote,
      tellingHeaders(Object.entries(headers)),
      here && addressed(here),
      membersOf(options, personal, canonical),
    ])
    return this.#text
  }
}

/** Where the caller's SDK was sending it, in whose name and by what means. */
function addressed({ url, headers, init = {}, transport }: Origin): unknown {
  return [url, tellingHeaders(headers), transport && nameOf(transport), membersOf(init, told, itself)]
}

function membersOf(object: object, without: ReadonlySet<string>, written: (value: unknown) => unknown): [string, unknown][] {
  const members: [string, unknown][] = []
  for (const [name, value] of Object.entries(object)) if (!without.has(name)) members.push([name, written(value)])
  return members
}

/** Two agents with the same members may go by two networks. */
function itself(value: unknown): unknown {
  return typeof value === 'function' || (typeof value === 'object' && value !== null) ? nameOf(value) : value
}

/** JSON with the members of each object in order. A function, or an object with a class of its own, is only equal to itself. */
function canonical(value: unknown): string | undefined {
  if (typeof value !== 'object' && typeof value !== 'function') return JSON.stringify(value)
  return JSON.stringify(value, (_, value: unknown) => {
    if (typeof value === 'function') return nameOf(value)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && prototype !== Object.prototype) return nameOf(value)
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

const names = new WeakMap<object, string>()
let count = 0

function nameOf(object: object): string {
  const name = names.get(object) ?? `#${++count}`
  names.set(object, name)
  return name
}
