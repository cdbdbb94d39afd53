import { LeashError } from './errors.js'

const here: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/**
 * An address that stands in the options, and that something of the caller's is sent to: whoever is on the way must not read
 * along, unless there is no way.
 *
 * @param option its name, for the error
 * @throws LeashError `invalid_config`
 */
export function checkAddress(text: string, option: string): URL {
  const url = URL.parse(text)
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && here.includes(url.hostname))
  if (url && safe && !url.username && !url.password) return url
  throw new LeashError(
    'invalid_config',
    `\`${option}\` must be an \`https:\` address, or an \`http:\` one of this machine, without a name or password in it.`,
  )
}
