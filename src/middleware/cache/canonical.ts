/**
 * A JSON value as one text that is the same whatever the order of its members, and another for any other value: each string
 * stands with its length in front, so that nothing needs to be escaped.
 */

/** Members that are left out, as a tree of their names; `*` for every item of a list. */
export interface Ignored {
  readonly [name: string]: Ignored | true
}

export function ignoredBy(paths: readonly string[]): Ignored {
  const tree: Record<string, Ignored | true> = Object.create(null)
  for (const path of paths) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let at: Record<string, Ignored | true> | undefined = tree
    for (const name of names) {
      const below: Ignored | true = (at[name] ??= Object.create(null) as Ignored)
      at = below === true ? undefined : below
      // All of it is left out already.
      if (!at) break
    }
    if (at) at[last] = true
  }
  return tree
}

/** @throws RangeError when the value is nested too deeply; TypeError when it holds what JSON cannot */
export function canonical(value: unknown, ignored?: Ignored): string {
  const out: string[] = []
  write(value, out, ignored)
  return out.join('')
}

function write(value: unknown, out: string[], ignored: Ignored | undefined): void {
  switch (typeof value) {
    case 'string':
      writeText(value, out)
      return
    case 'number':
      out.push(Number.isFinite(value) ? `n${value};` : '0')
      return
    case 'boolean':
      out.push(value ? '+' : '-')
      return
    case 'object':
      if (value === null) out.push('0')
      else if (Array.isArray(value)) writeList(value, out, ignored?.['*'])
      else writeObject(value, out, ignored)
      return
    case 'bigint':
      throw new TypeError('JSON has no bigint.')
    default:
      out.push('0')
  }
}

/** In UTF-8 all lone surrogates are one; in JSON they are not. */
function writeText(text: string, out: string[]): void {
  const exact = text.isWellFormed() ? text : JSON.stringify(text)
  out.push(exact === text ? 's' : 'e', String(exact.length), ':', exact)
}

function writeList(items: readonly unknown[], out: string[], ignored: Ignored | true | undefined): void {
  out.push('[')
  if (ignored !== true) for (const item of items) write(item, out, ignored)
  out.push(']')
}

function writeObject(value: object, out: string[], ignored: Ignored | undefined): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    // A date, or whatever else knows best what it is in JSON.
    write(JSON.parse(JSON.stringify(value)), out, ignored)
    return
  }
  out.push('{')
  for (const name of Object.keys(value).sort()) {
    const member: unknown = (value as Record<string, unknown>)[name]
    const below = ignored?.[name]
    if (below === true || member === undefined || typeof member === 'function' || typeof member === 'symbol') continue
    writeText(name, out)
    write(member, out, below)
  }
  out.push('}')
}
