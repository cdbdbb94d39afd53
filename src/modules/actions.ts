/** What a module may answer, and which kind may answer what. */
import type { TextEdit } from '../core/edited-pieces.js'
import { isObject, type Json, type JsonObject } from '../core/json.js'
import type { TextKind } from '../protocols/protocol.js'
import { escaped } from './escaped.js'
import type { ModuleKind } from './module.js'

/** Something else in the place of a part of a piece of a stream. */
export type { TextEdit }

export type Replace = (text: string, kind: TextKind) => string

export type Annotations = Readonly<Record<string, Json>>

export type Action =
  | { readonly action: 'continue' }
  /** `found`: how many of what, for listeners of the event `policy`. */
  | { readonly action: 'block'; readonly message: string; readonly found?: Readonly<Record<string, number>> }
  /** With `warn`, listeners of the event `policy` are told. */
  | {
      readonly action: 'annotate'
      readonly annotations: Annotations
      readonly warn?: boolean
      readonly found?: Readonly<Record<string, number>>
    }
  | { readonly action: 'transform'; readonly replace: Replace }
  | { readonly action: 'transform'; readonly body: JsonObject }
  | { readonly action: 'transform'; readonly edits: readonly TextEdit[] }
  | { readonly action: 'retry'; readonly message: string }
  | { readonly action: 'route'; readonly model: string }

export type Hook = 'request' | 'response' | 'chunk'

/** Stops the call. The caller is told `message`, with `policy_blocked` and status 403. */
export const block = (message: string, found?: Readonly<Record<string, number>>): Action => ({
  action: 'block',
  message,
  ...(found && { found }),
})

/** Writes into `report.annotations`, under the module's name. `sensitive: true`, of a request, keeps the call out of the caches. */
export const annotate = (annotations: Annotations): Action => ({ action: 'annotate', annotations })

/**
 * Changes texts where they stand, in whatever protocol. With an object: the whole body, in the caller's protocol.
 *
 * @param change called with each text
 */
export const transform = (change: Replace | JsonObject): Action =>
  typeof change === 'function' ? { action: 'transform', replace: change } : { action: 'transform', body: change }

/** For `chunk`: changes all that matches in a piece of a stream, whether the pattern is global or not. What may be longer than `holdBack` can be cut in two. */
export function edit(text: string, match: string | RegExp, replacement: string | ((found: string) => string)): Action {
  const pattern =
    typeof match === 'string' ? new RegExp(escaped(match), 'g') : new RegExp(match.source, `${match.flags.replace(/[gy]/g, '')}g`)
  const edits = [...text.matchAll(pattern)].flatMap(({ 0: found, index }) => {
    const put = typeof replacement === 'string' ? replacement : replacement(found)
    return found === '' ? [] : [{ start: index, end: index + found.length, text: put }]
  })
  return { action: 'transform', edits }
}

/** Asks again, up to twice for one call; then the call fails with `message`. Of whole answers. */
export const retry = (message: string): Action => ({ action: 'retry', message })

/** Goes to another model, as the caller could have named it. */
export const route = (model: string): Action => ({ action: 'route', model })

/** An answer that makes no sense, in words for whoever wrote the module. */
export class Nonsense extends Error {
  override readonly name = 'Nonsense'
}

/** What each kind may answer, and where. */
const allowed: Readonly<Record<ModuleKind, Readonly<Record<Hook, readonly Action['action'][]>>>> = {
  inspector: { request: ['annotate'], response: ['annotate'], chunk: ['annotate'] },
  policy: {
    request: ['block', 'annotate', 'route'],
    response: ['block', 'annotate', 'retry'],
    chunk: ['block', 'annotate'],
  },
  transformer: {
    request: ['transform', 'annotate', 'route'],
    response: ['transform', 'annotate'],
    chunk: ['transform', 'annotate'],
  },
  sink: { request: [], response: [], chunk: [] },
}

/** @throws Nonsense */
export function actionsOf(answer: unknown, kind: ModuleKind, hook: Hook): readonly Action[] {
  if (answer === undefined || answer === null) return []
  return (Array.isArray(answer) ? answer : [answer]).map((action) => checked(action, kind, hook))
}

function checked(given: unknown, kind: ModuleKind, hook: Hook): Action {
  const named = isObject(given) ? given.action : undefined
  if (named === 'continue') return { action: 'continue' }
  const known = allowed[kind][hook].find((name) => name === named)
  if (!isObject(given) || known === undefined) {
    const may = ['continue', ...allowed[kind][hook]].join(', ')
    throw new Nonsense(`its \`${hook}\` gave back what is no action of a ${kind} there (${may})`)
  }
  if (!isWhole(given, hook)) throw new Nonsense(`its \`${hook}\` gave back a \`${known}\` that lacks what it needs`)
  return given as Action
}

function isWhole({ action, message, annotations, replace, body, edits, model }: Record<string, unknown>, hook: Hook): boolean {
  switch (action) {
    case 'block':
    case 'retry':
      return typeof message === 'string'
    case 'route':
      return typeof model === 'string' && model !== ''
    case 'annotate':
      return isObject(annotations) && isShort(annotations)
    default:
      return hook === 'chunk' ? areEdits(edits) : typeof replace === 'function' || isObject(body)
  }
}

const mostCharacters = 16_384

/** Annotations stand in every report and log. */
function isShort(annotations: object): boolean {
  try {
    return JSON.stringify(annotations).length <= mostCharacters
  } catch {
    return false
  }
}

/** In the order of the text, none over another. */
function areEdits(edits: unknown): boolean {
  if (!Array.isArray(edits)) return false
  let last = 0
  return edits.every((edit: unknown) => {
    if (!isObject(edit)) return false
    const { start, end, text } = edit
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || typeof text !== 'string') return false
    const fits = Number(start) >= last && Number(end) > Number(start)
    last = Number(end)
    return fits
  })
}
