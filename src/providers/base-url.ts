import { LeashError } from '../core/errors.js'

export interface BaseUrl {
  /** The address of a path below the base. The base's own path and query stay. */
  at(path: string, query?: string): string
  /** Whether the address is below the base. */
  holds(url: string): boolean
}

/**
 * Checked once, so that joining is plain concatenation. The text itself never stands in an error: it may hold a key.
 *
 * @throws LeashError `invalid_config`
 */
export function baseUrl(text: string, provider: string): BaseUrl {
  if (!URL.canParse(text)) throw refuse(provider, 'is not an absolute URL. Write it like https://example.com/v1.')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(provider, 'must begin with https:// or http://.')
  if (url.username || url.password) throw refuse(provider, 'holds a user name or password. Give the key as `apiKey` instead.')
  if (url.hash) throw refuse(provider, 'holds a #fragment, which is never sent. Leave it out.')
  const front = `${url.origin}${url.pathname.replace(/\/+$/, '')}/`
  const own = url.search.slice(1)
  return {
    at(path, query) {
      const search = own && query ? `${own}&${query}` : own || query
      return search ? `${front}${path}?${search}` : front + path
    },
    holds: (url) => URL.canParse(url) && new URL(url).href.startsWith(front),
  }
}

function refuse(provider: string, why: string): LeashError {
  return new LeashError('invalid_config', `The base URL of "${provider}" ${why}`)
}

/**
 * A model's name as part of a path: each segment escaped, the slashes between them kept. Dots that would climb out of
 * the path cannot be escaped: a URL parser reads `%2E%2E` as `..` too.
 *
 * @throws LeashError `invalid_request`
 */
export function pathOf(name: string): string {
  const segments = name.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw new LeashError(
      'invalid_request',
      'The model has a name that no address can hold: it, or a part of it, is empty, `.` or `..`.',
      {
        param: 'model',
      },
    )
  // Half of a surrogate pair is no character, and no URL can hold it.
  return segments.map((segment) => encodeURIComponent(segment.toWellFormed())).join('/')
}
