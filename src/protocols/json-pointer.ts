import { percentDecoded } from './percent.js'

/** What a `$ref` within the same schema names. https://www.rfc-editor.org/rfc/rfc6901 as a URI fragment */
export function pointed(root: object, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let value: unknown = root
  for (const token of ref.slice(1).split('/').slice(1)) {
    const name = percentDecoded(token).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}
