/** What whoever runs a program tells the model by it: no user, document or tool has said that. One table for all protocols. */
import { isObject, type JsonObject } from '../core/json.js'

const members = ['system', 'instructions', 'systemInstruction', 'system_instruction']
const turns = ['messages', 'input', 'prompt']
const roles: ReadonlySet<unknown> = new Set(['system', 'developer'])

/** Every text of the instructions in a request. */
export function instructionsIn(body: JsonObject): ReadonlySet<string> {
  const said = turns.flatMap((name) => {
    const list = body[name]
    return Array.isArray(list) ? list.filter((turn) => isObject(turn) && roles.has(turn.role)) : []
  })
  const texts = new Set<string>()
  for (const value of [...members.map((name) => body[name]), ...said]) collect(value, texts)
  return texts
}

function collect(value: unknown, texts: Set<string>): void {
  if (typeof value === 'string') texts.add(value)
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) collect(inner, texts)
}
