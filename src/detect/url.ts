import { alphanumeric, isDigit, isLetter, isWord, pastEscape } from './chars.js'
import { domainEnd } from './email.js'
import type { Finder, Scan } from './scan.js'
import type { Text } from './text.js'

const longest = 2048
const longestAuthority = 320

const webSchemes = new Set(['http', 'https', 'ftp', 'ftps', 'ws', 'wss'])
/** Databases, queues, mail and file servers: an address of one with a password in it opens the door. */
const serverSchemes = new Set(
  `postgres postgresql mysql mysqlx mariadb mongodb mongodb+srv redis rediss valkey memcached amqp amqps mqtt mqtts nats kafka stomp
   mssql sqlserver oracle db2 clickhouse cockroachdb couchbase couchbases cassandra neo4j neo4j+s bolt influxdb elasticsearch opensearch
   snowflake redshift ldap ldaps smtp smtps imap imaps pop3 sftp ssh scp git+https svn rsync smb socks5 socks4 libsql turso`.split(
    /\s+/,
  ),
)

export const url: Finder = {
  types: ['URL', 'URL_WITH_CREDENTIALS', 'CONNECTION_STRING'],
  trigger: { characters: [':/', 'w.', 'W.'], before: `${alphanumeric}+` },
  longest,
  find(scan, at) {
    const text = scan.text
    if (at < scan.urlEnd) return
    if (text.codeAt(at) !== 58) bare(scan, at + 1)
    else if (text.codeAt(at + 2) === 47) withScheme(scan, at)
  },
}

function withScheme(scan: Scan, colon: number): void {
  const text = scan.text
  let start = colon
  while (start > 0 && colon - start < 14 && isScheme(text.codeAt(start - 1))) start--
  start = pastEscape(text, start)
  const authority = colon + 3
  const { end: authorityEnd, at, mayBePublic } = readAuthority(text, authority)
  const secret = at > authority && hasPassword(text, authority, at)
  if (!secret && !mayBePublic) return
  const isHttp = colon - start === 4 && text.startsWith('http', start)
  const scheme = isHttp ? 'http' : text.slice(start, colon).toLowerCase()
  const web = isHttp || webSchemes.has(scheme)
  if (!web && !serverSchemes.has(scheme)) return
  if (!secret && !(web && isPublicHost(text, at === -1 ? authority : at + 1, authorityEnd))) return
  const end = urlEnd(text, start, authorityEnd)
  scan.urlEnd = end
  if (!secret) scan.report('URL', start, end, 0.95)
  else if (web) scan.report('URL_WITH_CREDENTIALS', start, end, 0.98)
  else scan.report('CONNECTION_STRING', beginning(text, start), end, 0.98)
}

/** `www.` with no scheme before it. */
function bare(scan: Scan, dot: number): void {
  const text = scan.text
  const start = dot - 3
  if (start < 0 || (text.codeAt(start) | 32) !== 119 || (text.codeAt(start + 1) | 32) !== 119) return
  const before = text.codeAt(start - 1)
  if (isWord(before) || before === 46 || before === 64 || before === 47) return
  const { end: authorityEnd } = readAuthority(text, start)
  if (!isPublicHost(text, dot + 1, authorityEnd)) return
  scan.urlEnd = urlEnd(text, start, authorityEnd)
  scan.report('URL', start, scan.urlEnd, 0.85)
}

interface Authority {
  readonly end: number
  /** Where its last `@` is; -1 when it has none. */
  readonly at: number
  /** Whether a dot or a bracket is behind that. */
  readonly mayBePublic: boolean
}

function readAuthority(text: Text, start: number): Authority {
  let at = -1
  let end = start
  let mayBePublic = false
  for (; end < text.length && end - start < longestAuthority; end++) {
    const code = text.codeAt(end)
    if (code === 64) {
      at = end
      mayBePublic = false
    } else if (code === 46 || code === 91) mayBePublic = true
    else if (code === 47 || code === 63 || code === 35 || !isUrl(code)) break
  }
  return { end, at, mayBePublic }
}

/** As manuals write it. */
const example = /^user(?:name)?:pass(?:word)?$/i
const longestExample = 17

/** A `:` with something before the `@`: not empty, no place for a value as in `user:${password}@`, and no `user:password@`. */
function hasPassword(text: Text, start: number, at: number): boolean {
  const colon = before(text, 58, start, at)
  if (colon === -1 || colon >= at - 1 || text.codeAt(colon + 1) === 36) return false
  return at - start > longestExample || !example.test(text.slice(start, at))
}

/** Where the character stands before `end`, which is never far; -1 when it does not. `indexOf` would look for it in all of the text. */
function before(text: Text, code: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (text.codeAt(at) === code) return at
  return -1
}

/** A name with a top-level domain, an address, or one in brackets. What has none, as `localhost`, leads to nobody. */
function isPublicHost(text: Text, start: number, end: number): boolean {
  if (text.codeAt(start) === 91) return before(text, 93, start, end) > start + 2
  const name = domainEnd(text, start)
  if (name !== -1 && name <= end) return true
  let dots = 0
  for (let at = start; at < end; at++) {
    const code = text.codeAt(at)
    if (code === 46) dots++
    else if (code === 58) break
    else if (!isDigit(code)) return false
  }
  return dots === 3 && !text.startsWith('127.', start) && !text.startsWith('0.0.0.0', start)
}

/** To the first character that no address has, less the punctuation of the sentence around it. */
function urlEnd(text: Text, start: number, from: number): number {
  let end = from
  const limit = Math.min(text.length, start + longest)
  let depth = 0
  while (end < limit) {
    const code = text.codeAt(end)
    if (!isUrl(code)) break
    if (code === 40) depth++
    else if (code === 41 && --depth < 0) break
    end++
  }
  while (end > from && isTrailing(text.codeAt(end - 1))) end--
  return end
}

/** A scheme of two parts: `jdbc:postgresql://`. */
function beginning(text: Text, start: number): number {
  return text.startsWith('jdbc:', start - 5) ? start - 5 : start
}

const isScheme = (code: number): boolean => isLetter(code) || isDigit(code) || code === 43

/** Not white space, quotes, brackets of markup, nor what East Asian sentences are parted by. */
function isUrl(code: number): boolean {
  if (code <= 34 || code === 39 || code === 60 || code === 62 || code === 96) return false
  if (code >= 123 && code <= 160) return code === 126
  return code !== 92 && code !== 94 && (code < 0x2000 || (code > 0x206f && code < 0x3000))
}

/** `! * , . : ; ? _` */
const isTrailing = (code: number): boolean =>
  code === 33 || code === 42 || code === 44 || code === 46 || code === 58 || code === 59 || code === 63 || code === 95
