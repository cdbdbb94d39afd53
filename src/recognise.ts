import type { JsonObject } from './core/json.js'
import { protocols } from './protocols/index.js'
import type { Protocol } from './protocols/protocol.js'

export interface Recognised {
  readonly protocol: Protocol
  readonly model: string
  readonly stream: boolean
}

const noBody: JsonObject = {}

/** Which protocol a POST to this path speaks, and what it asks for; undefined when it is not a call to a model. */
export function recognise(path: string, body: JsonObject = noBody): Recognised | undefined {
  for (const protocol of protocols.values()) {
    const match = protocol.match(path, body)
    if (match) return { protocol, ...match }
  }
  return undefined
}
