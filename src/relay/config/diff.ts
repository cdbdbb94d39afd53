/** Two configurations side by side, and either of them without its secrets. */
import { isObject, type Json } from '../../core/json.js'

/** Stands in the place of a secret. Nobody can mean it as one. */
export const hidden = '<hidden>'

export interface ConfigChange {
  /** Such as `policy.access.models.deny`. */
  readonly path: string
  /** Absent: there was nothing. */
  readonly before?: Json
  /** Absent: there is nothing any more. */
  readonly after?: Json
}

const secretName = /(?:key|keyid|secret|token|password|passphrase|pepper|credentials?|authorization)s?$/i

/** Members that end like a secret, and are none. */
const harmless = new Set(['tokens', 'by', 'wrongKeys'])

/** As JSON, which has no functions, with `<hidden>` for each key, token, password, header and whatever an address carries of them. */
export function withoutSecrets(value: unknown, name = ''): Json {
  if (typeof value === 'string') return isSecret(name) ? hidden : addressWithout(value)
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, name))
  if (isObject(value)) {
    const within = name === 'headers' ? 'secret' : ''
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    return Object.fromEntries(members.map(([key, member]) => [key, withoutSecrets(member, within || key)]))
  }
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : `<${typeof value}>`
}

const isSecret = (name: string) => secretName.test(name) && !harmless.has(name)

/** `postgres://user:password@host`, `https://host/?key=…` */
function addressWithout(text: string): string {
  return text
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*:)[^/@]+@/i, `$1${hidden}@`)
    .replace(/([?&][^=&]*(?:key|token|secret|signature|password)[^=&]*=)[^&#]+/gi, `$1${hidden}`)
}

/** What would change, member by member; a list is one member. Secrets are compared, and hidden. */
export function changesOf(before: unknown, after: unknown): ConfigChange[] {
  return differences(before, after, [])
}

function differences(before: unknown, after: unknown, path: readonly string[]): ConfigChange[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return names.flatMap((name) => differences(before[name], after[name], [...path, name]))
  }
  if (typeof before === 'function' ? before === after : JSON.stringify(before) === JSON.stringify(after)) return []
  const shown = (value: unknown) => withoutSecrets(value, nameOf(path))
  return [
    {
      path: path.join('.'),
      ...(before !== undefined && { before: shown(before) }),
      ...(after !== undefined && { after: shown(after) }),
    },
  ]
}

const nameOf = (path: readonly string[]) => (path.at(-2) === 'headers' ? 'secret' : (path.at(-1) ?? ''))

/** For a place to look the same in: somebody has put what was shown to him back. */
export function hasHidden(value: unknown): boolean {
  return JSON.stringify(value)?.includes(hidden) ?? false
}
