/** A GET that waits for its answer without keeping the process alive, which `fetch` cannot. */
import type { IncomingMessage } from 'node:http'
import { textWithin } from '../core/bounded.js'
import { LeashError } from '../core/errors.js'
import { isNode } from '../core/platform.js'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface QuietAsk {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly mostBytes: number
}

export type QuietGet = (url: string, ask: QuietAsk) => Promise<Answer>

/** @returns undefined where sockets cannot be told so: there the process goes on until the leash is closed */
export async function openQuietGet(): Promise<QuietGet | undefined> {
  if (!isNode()) return undefined
  const [http, https] = await Promise.all([import('node:http'), import('node:https')])
  return (url, { headers, signal, mostBytes }) =>
    new Promise((resolve, reject) => {
      const { get } = url.startsWith('https:') ? https : http
      const request = get(url, { headers: { ...headers }, signal }, (incoming) => read(incoming, mostBytes).then(resolve, reject))
      request.once('socket', (socket) => socket.unref())
      request.once('error', reject)
    })
}

async function read(incoming: IncomingMessage, mostBytes: number): Promise<Answer> {
  const text = await textWithin(incoming, mostBytes, () => tooLong(mostBytes))
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === 'string') headers.set(name, value)
  return { status: incoming.statusCode ?? 0, headers, text }
}

export function tooLong(mostBytes: number): LeashError {
  return new LeashError('upstream_malformed', `The relay's answer has more than ${mostBytes} bytes. Check \`relay.url\`.`)
}
