/** Asks a running relay, by the key of an administrator. */
import { checkAddress } from '../core/address.js'
import { isErrorCode } from '../core/error-code.js'
import { LeashError } from '../core/errors.js'
import { asArray, asObject, asObjects, asString, parseJson } from '../core/json.js'
import { printJson, table } from './output.js'

/** How long an answer may take. */
const timeoutMs = 30_000
const longTimeoutMs = 3_600_000

/** A key on a command line would stand in the list of processes, and in the shell's history. */
const keyVariable = 'LEASH_RELAY_ADMIN_KEY'

export const hasKey = (): boolean => Boolean(process.env[keyVariable])

/** For an answer that may be long in coming, and large. @param path below `/v1/admin/` @throws LeashError with what the relay says */
export function download(path: string): Promise<Response> {
  return send('GET', path, undefined, longTimeoutMs)
}

/** @throws LeashError when it breaks off: what has come is not all of it */
export async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  try {
    yield* body ?? []
  } catch (cause) {
    throw unreached(cause)
  }
}

/**
 * @param path below `/v1/admin/`
 * @param body JSON leaves out the members of it that are undefined
 * @returns the body: JSON, or text
 * @throws LeashError with what the relay says
 */
export async function ask(method: Method, path: string, body?: unknown): Promise<unknown> {
  return answerOf(await send(method, path, body, timeoutMs))
}

/** As {@link ask}, where all that there is has to be read before anything can be said. */
export async function askLong(path: string): Promise<unknown> {
  return answerOf(await download(path))
}

/** All of a list that comes in pages. @param path as for {@link ask}, without a query */
export async function askAll(path: string, query: Readonly<Record<string, string>> = {}): Promise<{ readonly items: unknown[] }> {
  const items: unknown[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const asked = new URLSearchParams({ ...query, limit: '1000', ...(after !== '' && { after }) })
    const page = asObject(await ask('GET', `${path}?${asked}`))
    items.push(...asArray(page.items))
    after = asString(page.next)
  }
  return { items }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

async function send(method: Method, path: string, body: unknown, timeoutMs: number): Promise<Response> {
  const key = process.env[keyVariable]
  if (!key)
    throw new LeashError('missing_key', `Set ${keyVariable} to the key of an administrator: the relay's first start showed one.`)
  const { href } = checkAddress(relayUrl(), 'LEASH_RELAY_URL')
  const response = await fetch(`${href.replace(/\/+$/, '')}/v1/admin/${path}`, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause) => {
    throw unreached(cause)
  })
  if (!response.ok) throw await failureOf(response)
  return response
}

const relayUrl = (): string => process.env.LEASH_RELAY_URL ?? 'http://127.0.0.1:4000'

/** Of the answers of a relay, those that are no JSON. */
const texts = ['text/csv', 'application/x-ndjson']

/** A proxy that wants somebody to sign in answers with a page, and all is well as far as its status goes. */
async function answerOf(response: Response): Promise<unknown> {
  const text = await textOf(response)
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('application/json')) return parseJson(text)
  if (text === '' || texts.some((known) => type.startsWith(known))) return text
  throw new LeashError('upstream_malformed', `What answers at ${relayUrl()} is no relay. Set LEASH_RELAY_URL to where it is.`)
}

async function textOf(response: Response): Promise<string> {
  return response.text().catch((cause) => {
    throw unreached(cause)
  })
}

async function failureOf(response: Response): Promise<LeashError> {
  const { status } = response
  const { error } = asObject(parseJson(await textOf(response)))
  const { message, code } = asObject(error)
  const said = asString(message) ?? `The relay answered ${status}.`
  const usual = status >= 500 ? 'upstream_error' : 'invalid_request'
  return new LeashError(isErrorCode(code) ? code : usual, said.replace(/^\[\w+\] /, ''), { status })
}

/** Whether it was ever there. Whoever has asked for a change does not know then whether it was made. */
function unreached(cause: unknown): LeashError {
  const url = relayUrl()
  if (cause instanceof Error && cause.name === 'TimeoutError')
    return new LeashError('timeout', `The relay at ${url} has not answered in time. It may have done what it was asked.`, {
      cause,
    })
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const why = inner instanceof Error && inner.message !== '' ? inner.message : 'it does not answer'
  return new LeashError(
    'network_error',
    `There is no answer of a relay at ${url}: ${why}. Start one by \`leash relay\`, or set LEASH_RELAY_URL.`,
    { cause },
  )
}

/** Of a command that lists what there is when it is given no verb. @throws LeashError */
export function checkVerb(command: string, verb: string, known: readonly string[]): void {
  if (!known.includes(verb)) unknownVerb(command, verb, `${known.join(', ')}; none at all lists them`)
}

/** For a part of a path that somebody has typed. */
export const segment = (typed: string): string => encodeURIComponent(typed)

/** @throws LeashError for a verb that the command does not have, or for none where it wants one */
export function unknownVerb(command: string, verb: string, known: string): never {
  if (verb === '') throw new LeashError('invalid_config', `Write: leash ${command} ${known.replaceAll(', ', '|')}`)
  throw new LeashError('invalid_config', `There is no "${command} ${verb.slice(0, 40)}". Known: ${known}.`)
}

/** @throws LeashError that says how to write it */
export function needed(value: string | undefined, usage: string): string {
  if (value !== undefined && value !== '') return value
  throw new LeashError('invalid_config', `Write: ${usage}`)
}

/** The `items` of an answer, a line each, or as JSON. */
export function printItems(
  answer: unknown,
  json: boolean | undefined,
  rowOf: (item: Record<string, unknown>) => readonly unknown[],
): void {
  const items = asObjects(asObject(answer).items)
  if (json) printJson(items)
  else process.stdout.write(`${table(items.map((item) => rowOf(item).map(printable)))}\n`)
}

/** What people have called something stays on its line, and says nothing to the terminal. */
export const printable = (cell: unknown): string => String(cell ?? '').replace(/\p{Cc}/gu, ' ')

export const timeOf = (at: unknown): string => new Date(Number(at)).toISOString()
