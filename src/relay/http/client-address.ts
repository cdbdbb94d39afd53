/** Where a request comes from: the other end of its connection, or what a proxy that is trusted says of it. */
import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'
import { isIn } from '../ip-ranges.js'

/** More than so many proxies in a row are nobody's. */
const mostHops = 20

export function clientAddress({ socket, headers }: IncomingMessage, trusted: BlockList | undefined): string {
  let address = plain(socket.remoteAddress ?? '')
  if (!trusted || !isIn(trusted, address)) return address
  const forwarded = headers['x-forwarded-for']
  const hops = (typeof forwarded === 'string' ? forwarded : (forwarded?.join(',') ?? '')).split(',').slice(-mostHops)
  // Each proxy adds whom it was asked by at the end. What stands before the first that is not trusted, anybody may have written.
  for (const hop of hops.reverse()) {
    const next = plain(withoutPort(hop.trim()))
    if (isIP(next) === 0) return address
    address = next
    if (!isIn(trusted, address)) return address
  }
  return address
}

/** Whether it comes straight from a proxy that is trusted. */
export function fromTrusted({ socket }: IncomingMessage, trusted: BlockList | undefined): boolean {
  return trusted !== undefined && isIn(trusted, plain(socket.remoteAddress ?? ''))
}

/** Of whom is counted: one who has an address of IPv6 has 2^64 of them. */
export function countedAs(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail = ''] = address.split('::', 2)
  const [left, right] = [head, tail].map((part) => part.split(':').filter((group) => group !== '')) as [string[], string[]]
  const zeros = address.includes('::') ? Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0') : []
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/** `::ffff:10.0.0.1` is an address of IPv4, on a socket of IPv6; `fe80::1%eth0` has the name of a device. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)
  if (bracketed) return bracketed[1] ?? ''
  return hop.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
}
