import type { Call, Origin } from './call.js'

/** The call with one more header for whoever it is sent to, by whichever address it goes there. */
export function withHeader(call: Call, name: string, value: string): Call {
  const { target } = call
  return {
    ...call,
    headers: { ...call.headers, [name]: value },
    target: target.origin ? { ...target, origin: addressed(target.origin, name, value) } : target,
  }
}

function addressed(origin: Origin, name: string, value: string): Origin {
  const added = (theirs: Headers) => {
    const headers = new Headers(theirs)
    headers.set(name, value)
    return headers
  }
  const { headers, renew } = origin
  if (!renew) return { ...origin, headers: added(headers) }
  return {
    ...origin,
    headers: added(headers),
    renew: async (attempt) => {
      const again = await renew(attempt)
      return { ...again, headers: added(again.headers) }
    },
  }
}
