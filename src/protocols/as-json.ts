import type { JsonObject } from '../core/json.js'

/** A body that a vendor's types have checked: they are interfaces, which have no index signature, as JSON has. */
export function asJson(body: object): JsonObject {
  return body as JsonObject
}
