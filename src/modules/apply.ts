/** What transformers make of a request or an answer. */
import { type Call, type UnaryResult, withBody } from '../core/call.js'
import { exactBody } from '../core/exact-json.js'
import { isObject, type JsonObject } from '../core/json.js'
import type { Protocol } from '../protocols/protocol.js'
import { type Action, Nonsense, type Replace } from './actions.js'
import { EventList, type Item } from './event-list.js'
import { only } from './session.js'
import { objectOf } from './view.js'

/** @throws Nonsense */
export function transformedCall(call: Call, actions: readonly Action[], { lens }: Protocol): Call {
  const body = transformed(call.body, actions, lens.replaceRequest)
  return body === call.body ? call : withBody(call, asAsked(body, call.body))
}

/** Where a call goes is decided already, for which there is `route`; and so is whether its caller reads a stream. */
function asAsked(body: JsonObject, asked: JsonObject): JsonObject {
  if (body.model === asked.model && body.stream === asked.stream) return body
  const { model: _, stream: __, ...rest } = body
  const { model, stream } = asked
  return { ...(model !== undefined && { model }), ...rest, ...(stream !== undefined && { stream }) }
}

/** @throws Nonsense */
export function transformedAnswer(result: UnaryResult, actions: readonly Action[], protocol: Protocol): UnaryResult {
  const body = exactBody(result.text, result.body)
  const changed = Array.isArray(body)
    ? transformedEvents(body.map(objectOf), actions, protocol)
    : isObject(body)
      ? transformed(body as JsonObject, actions, protocol.lens.replaceResponse)
      : body
  if (changed === body) return result
  const { text: _, ...rest } = result
  return { ...rest, body: changed }
}

/** @throws Nonsense */
export function transformedItems(items: readonly Item[], actions: readonly Action[], protocol: Protocol): readonly Item[] {
  const events = transformedEvents(
    items.map(({ event }) => event),
    actions,
    protocol,
  )
  return items.map((item, at) => {
    const event = events[at]
    return event === item.event || !event ? item : { ...item, event, changed: true }
  })
}

function transformed(
  body: JsonObject,
  actions: readonly Action[],
  replaceIn: (body: JsonObject, replace: Replace) => JsonObject,
): JsonObject {
  let changed = body
  for (const action of only(actions, 'transform')) {
    if ('replace' in action) changed = replaceIn(changed, texting(action.replace))
    else if ('body' in action) changed = copied(action.body)
  }
  return changed
}

function transformedEvents(events: readonly (JsonObject | undefined)[], actions: readonly Action[], protocol: Protocol) {
  let changed = events
  for (const action of only(actions, 'transform')) {
    if (!('replace' in action)) throw new Nonsense('a stream has no body to put another in its place: transform its texts')
    changed = new EventList(changed, protocol).replaced(texting(action.replace))
  }
  return changed
}

const texting =
  (replace: Replace): Replace =>
  (text, kind) => {
    const put: unknown = replace(text, kind)
    if (typeof put === 'string') return put
    throw new Nonsense('it put something else than a text in the place of a text')
  }

/** The module may go on with its own; and what cannot be sent is found here. */
function copied(body: JsonObject): JsonObject {
  try {
    return JSON.parse(JSON.stringify(body))
  } catch {
    throw new Nonsense('it gave back a body that is no JSON')
  }
}
