/** Asks a running relay, by the key of an administrator. */
import { checkAddress } from '../core/address.js'
import { LeashError } from '../core/errors.js'
import { asArray, asObject, asString, parseJson } from '../core/json.js'
import { printJson, table } from './output.js'

/** How long an answer may take. */
const timeoutMs = 30_000
const longTimeoutMs = 3_600_000

/** A key on a command line would stand in the list of processes, and in the shell's history. */
const keyVariable = 'LEASH_RELAY_ADMIN_KEY'

export const hasKey = (): boolean => Boolean(process.env[keyVariable])

/** For an answer that may be long in coming, and large. @param path below `/v1/admin/` @throws LeashError with what the relay says */
export async function download(path: string): Promise<Response> {
  const response = await send('GET', path, undefined, longTimeoutMs)
  if (!response.ok) throw await failureOf(response)
  return response
}

/**
 * @param path below `/v1/admin/`
 * @returns the body: JSON, or text
 * @throws LeashError with what the relay says
 */
export async function ask(method: Method, path: string, body?: unknown): Promise<unknown> {
  const response = await send(method, path, body, timeoutMs)
  if (!response.ok) throw await failureOf(response)
  return answerOf(response)
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
  const { LEASH_RELAY_URL: url = 'http://127.0.0.1:4000', [keyVariable]: key } = process.env
  if (!key)
    throw new LeashError('missing_key', `Set ${keyVariable} to the key of an administrator: the relay's first start showed one.`)
  const { href } = checkAddress(url, 'LEASH_RELAY_URL')
  return fetch(`${href.replace(/\/+$/, '')}/v1/admin/${path}`, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause) => {
    throw new LeashError('network_error', `There is no relay at ${url}. Start one by \`leash relay\`, or set LEASH_RELAY_URL.`, {
      cause,
    })
  })
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text()
  return response.headers.get('content-type')?.startsWith('application/json') ? parseJson(text) : text
}

async function failureOf(response: Response): Promise<LeashError> {
  const { status } = response
  const said = asString(asObject(asObject(await answerOf(response)).error).message) ?? `The relay answered ${status}.`
  return new LeashError(status >= 500 ? 'upstream_error' : 'invalid_request', said.replace(/^\[\w+\] /, ''), { status })
}

/** Of a command that lists what there is when it is given no verb. @throws LeashError */
export function checkVerb(command: string, verb: string, known: readonly string[]): void {
  if (!known.includes(verb)) unknownVerb(command, verb, `${known.join(', ')}; none at all lists them`)
}

/** For a part of a path that somebody has typed. */
export const segment = (typed: string): string => encodeURIComponent(typed)

/** @throws LeashError for a verb that the command does not have */
export function unknownVerb(command: string, verb: string, known: string): never {
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
  const items = asArray(asObject(answer).items).map(asObject)
  if (json) printJson(items)
  else process.stdout.write(`${table(items.map((item) => rowOf(item).map((cell) => String(cell ?? ''))))}\n`)
}

export const timeOf = (at: unknown): string => new Date(Number(at)).toISOString()
