/** Where a key comes from, and what it must look like before it is put into a header. */
import { isLeashError, LeashError } from '../core/errors.js'
import { type Env, readEnv } from './env.js'
import type { ApiKeys } from './options.js'

/** One way to authenticate. A provider lists its ways; the first that is given is taken, options before variables. */
export interface Credential {
  /** What the option is called, for messages. */
  readonly option: string
  /** A list is for `keysOf`. */
  readonly given: ApiKeys | undefined
  readonly variables: readonly string[]
  /** The headers that carry the key. */
  readonly headers: (key: string) => Readonly<Record<string, string>>
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** The headers for the first credential there is; undefined when there is none. */
export type Authorize = () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>> | undefined

/** @throws LeashError `invalid_config` for an option that is neither text nor a function */
export function authorizer(provider: string, credentials: readonly Credential[], env?: Env): Authorize {
  for (const { given, option } of credentials) {
    if (given !== undefined && given !== null && typeof given !== 'string' && typeof given !== 'function')
      throw new LeashError('invalid_config', `\`${option}\` of "${provider}" must be a string, or a function that gives one.`)
  }
  return () => {
    for (const { given, option, headers } of credentials) {
      if (typeof given === 'function') return readKey(given, option, provider).then(headers)
      if (typeof given === 'string' && given.trim()) return headers(checkedKey(given, provider))
    }
    for (const { variables, headers } of credentials) {
      for (const variable of variables) {
        const key = readEnv(variable, env)
        if (key) return headers(checkedKey(key, provider))
      }
    }
    return undefined
  }
}

/** Whether {@link authorizer} would find something, without calling anybody's function. */
export function hasCredential(credentials: readonly Credential[], env?: Env): boolean {
  return credentials.some(
    ({ given, variables }) =>
      typeof given === 'function' ||
      (typeof given === 'string' && given.trim()) ||
      variables.some((variable) => readEnv(variable, env) !== undefined),
  )
}

/** What to do when no credential is there. */
export function howToGive(credentials: readonly Credential[]): string {
  const variables = credentials.flatMap(({ variables }) => variables)
  const options = credentials.map(({ option }) => `\`${option}\``).join(' or ')
  return variables.length > 0 ? `Set ${variables.join(' or ')}, or pass ${options}.` : `Pass ${options}.`
}

/** @throws LeashError `missing_key` when the function gives none, `invalid_config` for one that cannot be sent */
export async function readKey(give: () => string | Promise<string>, option: string, provider: string): Promise<string> {
  let key: unknown
  try {
    key = await give()
  } catch (cause) {
    if (isLeashError(cause)) throw cause
    throw new LeashError(
      'missing_key',
      `The \`${option}\` function of "${provider}" failed; its own error is the cause of this one.`,
      {
        cause,
      },
    )
  }
  if (typeof key === 'string' && key.trim()) return checkedKey(key, provider)
  throw new LeashError(
    'missing_key',
    `The \`${option}\` function of "${provider}" gave no key. Let it return a string that is not empty.`,
  )
}

/** Anything but printable ASCII would be refused by `fetch` with an error that quotes the header, or split the header in two. */
export function checkedKey(key: string, provider: string): string {
  if (/^[ -~]+$/.test(key)) return key
  throw new LeashError(
    'invalid_config',
    `The key of "${provider}" holds a line break or another character that cannot stand in a header. Look for a stray newline, quote or invisible character where it is set.`,
  )
}
