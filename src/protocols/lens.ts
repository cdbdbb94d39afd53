/**
 * Texts by path. A protocol lists where its texts stand; `compileTexts` turns the list into one function that visits
 * and replaces them, copying only the objects on the way to a text that changed.
 *
 * A path is member names joined by dots; `*` is every item of an array. A step that meets another shape than it
 * expects (a string where an array could be) is skipped, so unknown members are never touched. A path that ends at an
 * object (tool arguments in vendors' own JSON) stands for every string inside it.
 */
import { asObject, isExact, isObject, type JsonObject } from '../core/json.js'
import { editedList } from './edited-list.js'
import type { ReplaceText, TextKind } from './protocol.js'

interface Step {
  kind?: TextKind
  members: Map<string, Step>
}

export function compileTexts(paths: Readonly<Record<string, TextKind>>): (body: JsonObject, replace: ReplaceText) => JsonObject {
  const root: Step = { members: new Map() }
  for (const [path, kind] of Object.entries(paths)) {
    let step = root
    for (const name of path.split('.')) {
      let inner = step.members.get(name)
      if (!inner) {
        inner = { members: new Map() }
        step.members.set(name, inner)
      }
      step = inner
    }
    step.kind = kind
  }
  return (body, replace) => visit(body, root, replace, '') as JsonObject
}

function visit(value: unknown, step: Step, replace: ReplaceText, path: string): unknown {
  if (typeof value === 'string') return step.kind ? replace(value, step.kind, path) : value
  if (step.kind && step.members.size === 0) return deep(value, step.kind, replace)
  if (Array.isArray(value)) {
    const each = step.members.get('*')
    if (!each) return value
    return editedList<unknown>(value, (item, index) => visit(item, each, replace, `${path}.${asObject(item).index ?? index}`))
  }
  if (!isObject(value)) return value
  let copy: Record<string, unknown> | undefined
  for (const [name, inner] of step.members) {
    if (name === '*' || !(name in value)) continue
    const replaced = visit(value[name], inner, replace, `${path}.${name}`)
    if (replaced !== value[name]) (copy ??= { ...value })[name] = replaced
  }
  return copy ?? value
}

function deep(value: unknown, kind: TextKind, replace: ReplaceText): unknown {
  if (typeof value === 'string') return replace(value, kind)
  if (typeof value !== 'object' || value === null || isExact(value)) return value
  let copy: Record<string, unknown> | unknown[] | undefined
  for (const [name, inner] of Object.entries(value)) {
    const replaced = deep(inner, kind, replace)
    if (replaced === inner) continue
    copy ??= Array.isArray(value) ? [...value] : { ...value }
    ;(copy as Record<string, unknown>)[name] = replaced
  }
  return copy ?? value
}
