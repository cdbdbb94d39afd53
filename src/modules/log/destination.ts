/** Where lines of a log go. */
import { LeashError } from '../../core/errors.js'
import { isObject } from '../../core/json.js'
import type { ModuleHealth } from '../module.js'
import type { FileTarget } from './file.js'
import type { HttpTarget } from './http.js'
import type { LogLine } from './line.js'

export type { FileTarget, HttpTarget, LogLine }

export type LogTarget = 'stdout' | FileTarget | HttpTarget | ((line: LogLine) => void | Promise<void>)

export interface Destination {
  write(line: LogLine): void | Promise<void>
  health(): ModuleHealth
  /** What waits is written first. */
  close(): Promise<void>
}

/** @throws LeashError `invalid_config` at once; what opens it is loaded when it is needed */
export function openDestination(to: LogTarget): () => Promise<Destination> {
  if (typeof to === 'function') return async () => plain(to)
  if (to === 'stdout') return async () => plain(toStdout)
  if (isFile(to)) {
    checkNumbers(to, ['maxBytes', 'maxFiles'])
    return async () => new (await import('./file.js')).FileLog(to)
  }
  if (isHttp(to)) {
    checkNumbers(to, ['batch', 'flushMs', 'timeoutMs'])
    const { format = 'ndjson', index } = to
    if (!['ndjson', 'json', 'elasticsearch'].includes(format)) throw wrong('`to.format` is one of ndjson, json, elasticsearch')
    if (format === 'elasticsearch' && !index) throw wrong('`to.index` is needed for elasticsearch')
    return async () => new (await import('./http.js')).HttpLog(to)
  }
  throw wrong("`to` is 'stdout', { file }, { url } with http or https, or a function")
}

const plain = (write: (line: LogLine) => void | Promise<void>): Destination => ({
  write,
  health: () => ({ ok: true }),
  close: async () => {},
})

function toStdout(line: LogLine): void {
  const host: { readonly process?: { readonly stdout?: { write?(text: string): unknown } } } = globalThis
  const text = JSON.stringify(line)
  if (host.process?.stdout?.write) host.process.stdout.write(`${text}\n`)
  else console.log(text)
}

function isFile(to: unknown): to is FileTarget {
  return isObject(to) && typeof to.file === 'string' && to.file !== ''
}

function isHttp(to: unknown): to is HttpTarget {
  if (!isObject(to) || typeof to.url !== 'string') return false
  return URL.canParse(to.url) && /^https?:$/.test(new URL(to.url).protocol)
}

function checkNumbers(to: object, names: readonly string[]): void {
  for (const [name, value] of Object.entries(to))
    if (names.includes(name) && value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw wrong(`\`to.${name}\` is a whole number of at least 1`)
}

const wrong = (message: string) => new LeashError('invalid_config', `log(): ${message}.`)
