/** A call as it comes over `node:http`. */
import type { IncomingMessage } from 'node:http'
import { LeashError } from '../../core/errors.js'
import { utf8 } from '../../core/utf8.js'
import { type Asked, tooLarge } from '../../handler.js'

export function askedBy(incoming: IncomingMessage, path: string, signal: AbortSignal): Asked {
  const { method = 'GET', url = '' } = incoming
  const query = url.indexOf('?')
  return {
    method,
    path,
    query: query === -1 ? '' : url.slice(query),
    signal,
    headers: headersOf(incoming),
    text: (limit) => textOf(incoming, limit),
  }
}

export function headersOf({ headers }: IncomingMessage): Asked['headers'] {
  return {
    get(name) {
      const value = headers[name.toLowerCase()]
      return typeof value === 'string' ? value : (value?.join(', ') ?? null)
    },
  }
}

/** @throws LeashError `invalid_request` for what is packed, or no UTF-8: a vendor would be sent other words than were meant */
function textOf(incoming: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const encoding = incoming.headers['content-encoding']?.toLowerCase() ?? 'identity'
    if (encoding !== 'identity') throw new LeashError('invalid_request', 'Send the body of a call as it is.', { status: 415 })
    const chunks: Uint8Array[] = []
    let size = 0
    const take = (chunk: Uint8Array) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else settle(() => reject(tooLarge(limit)))
    }
    const end = () => {
      settle(() => {
        try {
          resolve(utf8(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
        } catch (error) {
          reject(error)
        }
      })
    }
    const leave = () => settle(() => reject(new LeashError('aborted', 'The caller left before the request was complete.')))
    const settle = (how: () => void) => {
      incoming.off('data', take).off('end', end).off('error', leave).off('close', leave)
      how()
    }
    incoming.on('data', take).on('end', end).on('error', leave).on('close', leave)
  })
}
