import { isObject, type Members } from '../../core/json.js'

const signatures = ['signature', 'thoughtSignature', 'thought_signature']

/**
 * The thoughts in a request that their vendor has signed, and refuses when they are changed. What is in them the vendor wrote, or
 * we put back there: only what the rest of the request tells to be a value is taken out again, which makes them what they were.
 */
export function signedIn(body: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  walk(body, found)
  return found
}

function walk(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return
  if (isObject(value) && isSigned(value)) {
    const thought = value.thinking ?? value.text
    if (typeof thought === 'string') found.add(thought)
  }
  for (const inner of Object.values(value)) walk(inner, found)
}

/** Beside the thought, or among what it carries for each provider. */
function isSigned(part: Members): boolean {
  const { providerOptions } = part
  return (
    carries(part) || (isObject(providerOptions) && Object.values(providerOptions).some((told) => isObject(told) && carries(told)))
  )
}

function carries(members: Members): boolean {
  return signatures.some((name) => {
    const signature = members[name]
    const value = isObject(signature) ? signature.value : signature
    return typeof value === 'string' && value !== ''
  })
}
