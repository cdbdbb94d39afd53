/** A schema without references: `$ref` replaced by what it names, and `allOf` folded into one. */
import { LeashError } from '../../core/errors.js'
import { asArray, asObject, isObject } from '../../core/json.js'
import { pointed } from '../json-pointer.js'
import type { ReportLoss } from '../protocol.js'

type Schema = Record<string, unknown>

/** Words whose value is data and not a schema: a `$ref` in there is just text. */
const dataWords = new Set(['default', 'enum', 'const', 'example', 'examples', 'required'])

/** A few references to references can spell a schema larger than any memory. */
const maxNodes = 20_000

/** @throws LeashError `invalid_request` when the schema would grow beyond reason */
export function inlined(root: Schema, path: string, lose: ReportLoss): unknown {
  let nodes = 0
  return walk(root, path, [])

  function walk(value: unknown, at: string, seen: readonly string[]): unknown {
    if (++nodes > maxNodes) {
      throw new LeashError(
        'invalid_request',
        `The schema at ${path} is too large once its references are written out. Make it smaller.`,
        {
          param: path,
        },
      )
    }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${at}[${index}]`, seen))
    if (!isObject(value)) return value
    if (typeof value.$ref === 'string') return follow(value, value.$ref, at, seen)
    const out: Schema = {}
    for (const [word, inner] of Object.entries(value)) {
      if (word === '$defs' || word === 'definitions') continue
      if (dataWords.has(word)) out[word] = inner
      // Under `properties` the names are the caller's: a property may well be called "default".
      else if (word === 'properties' && isObject(inner))
        out[word] = mapValues(inner, (each, name) => walk(each, `${at}.properties.${name}`, seen))
      else out[word] = walk(inner, `${at}.${word}`, seen)
    }
    return Array.isArray(out.allOf) ? folded(out, out.allOf, at) : out
  }

  function follow({ $ref, ...beside }: Schema, ref: string, at: string, seen: readonly string[]): unknown {
    if (seen.includes(ref)) {
      lose(at, 'approximated', `The schema holds itself (${ref}). From here on any object is allowed.`)
      return { type: 'object', ...beside }
    }
    const target = pointed(root, ref)
    if (!isObject(target)) {
      lose(at, 'approximated', `The reference ${ref} leads nowhere. Any object is allowed.`)
      return { type: 'object', ...beside }
    }
    return walk({ ...target, ...beside }, at, [...seen, ref])
  }

  function folded({ allOf, ...schema }: Schema, parts: readonly unknown[], at: string): Schema {
    if (parts.length > 1)
      lose(`${at}.allOf`, 'approximated', 'Folded into one schema: where two speak of the same, the last holds.')
    let whole: Schema = {}
    for (const part of [...parts, schema].filter(isObject)) {
      const properties = { ...asObject(whole.properties), ...asObject(part.properties) }
      const required = [...new Set([...asArray(whole.required), ...asArray(part.required)])]
      whole = {
        ...whole,
        ...part,
        ...(Object.keys(properties).length > 0 && { properties }),
        ...(required.length > 0 && { required }),
      }
    }
    return whole
  }
}

function mapValues(of: Schema, map: (value: unknown, name: string) => unknown): Schema {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, map(value, name)]))
}
