import type { JsonObject } from './core/json.js'
import { protocolNamed, protocolsAt } from './protocols/index.js'
import type { Protocol } from './protocols/protocol.js'

export interface Recognised {
  readonly protocol: Protocol
  readonly model: string
  readonly stream: boolean
}

/** Whether a POST to this path can be a call to a model. */
export function isModelPath(path: string): boolean {
  return protocolsAt(path).length > 0
}

/** Which protocol a POST to this path speaks, and what it asks for; undefined when it is not a call to a model. */
export async function recognise(path: string, body: JsonObject): Promise<Recognised | undefined> {
  for (const name of protocolsAt(path)) {
    const found = protocolNamed(name)
    const protocol = found instanceof Promise ? await found : found
    const match = protocol?.match(path, body)
    if (protocol && match) return { protocol, ...match }
  }
  return undefined
}

/** Of a caller's headers, those that belong to its protocol. */
export function headersOf(protocol: Protocol, theirs: Pick<Headers, 'get'>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of protocol.headers) {
    const value = theirs.get(name)
    if (value !== null) headers[name] = value
  }
  return headers
}
