/** What the options come to: what is looked for, and what becomes of it. */
import { LeashError } from '../../core/errors.js'
import { type EntityType, entityTypes, optInTypes } from '../../detect/index.js'
import type { AnswerMode, EntityModes, RedactMode, RedactOptions } from './options.js'

/** What a model is asked about often is an address, and nobody's secret. */
const unasked: readonly EntityType[] = [...optInTypes, 'URL']

export interface Rules {
  readonly request: ReadonlyMap<EntityType, RedactMode>
  readonly response: ReadonlyMap<EntityType, AnswerMode>
}

export function rulesOf(options: RedactOptions): Rules {
  const { entities, mode = 'reversible', response = false, hashKey, deny = [], patterns = [], ner } = options
  const named = Array.isArray(entities) ? entities : Object.keys(entities ?? {})
  const unknown = named.find((type) => !(entityTypes as readonly string[]).includes(type))
  if (unknown !== undefined)
    throw new LeashError(
      'invalid_config',
      `\`redact.entities\`: there is no type "${unknown}". There are ${entityTypes.join(', ')}.`,
    )
  const requests = new Map<EntityType, RedactMode>()
  const responses = new Map<EntityType, AnswerMode>()
  for (const type of entityTypes) {
    // A recogniser of one's own is there to name people and places. What answers would be guessed at is for who asks.
    const set = modesOf(type, entities) ?? (ner && isUnset(type, entities) ? { response: false } : undefined)
    if (!set) continue
    const { request: sent = mode, response: received = response } = set
    if (sent) requests.set(type, sent)
    if (received) responses.set(type, received)
  }
  const sought = new Set([...requests.keys(), ...responses.keys()])
  if (deny.length + patterns.length === 0) sought.delete('CUSTOM')
  if (sought.size === 0)
    throw new LeashError('invalid_config', '`redact.entities` leaves nothing to look for. Name a type, or leave out `redact`.')
  if ([...requests.values()].includes('hash') && !hashKey)
    throw new LeashError('invalid_config', 'The mode `hash` needs `redact.hashKey`: without a secret, values could be guessed.')
  return { request: requests, response: responses }
}

function isUnset(type: EntityType, entities: RedactOptions['entities']): boolean {
  return optInTypes.includes(type) && (entities === undefined || (!Array.isArray(entities) && !(type in entities)))
}

/** Undefined: this type is not looked for. */
function modesOf(type: EntityType, entities: RedactOptions['entities']): EntityModes | undefined {
  const byDefault = !unasked.includes(type)
  if (entities === undefined) return byDefault ? {} : undefined
  // A caller's own patterns and words are there to be found.
  if (Array.isArray(entities)) return type === 'CUSTOM' || entities.includes(type) ? {} : undefined
  const set = (entities as Exclude<typeof entities, readonly EntityType[]>)[type]
  if (set === undefined) return byDefault ? {} : undefined
  if (set === false) return undefined
  return typeof set === 'string' ? { request: set } : set
}
