/** The tenant that a request names beside its key: by a header that a proxy sets, or by the subdomain that it came to. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import * as z from '../../core/shape.js'
import { fromTrusted } from '../http/client-address.js'
import { noteCertificate } from './client-certificate.js'

export interface TenantFrom {
  /** A header that proxies among `trustedProxies` set. From others it is passed over. */
  readonly header?: string
  /** A domain whose subdomains are tenants: `relay.example.com` for `search.relay.example.com`. */
  readonly domain?: string
}

const text = z.string().check(z.minLength(1))

export const tenantFromShape = z.strictObject({
  header: z.optional(text.check(z.regex(/^[\w-]+$/))),
  domain: z.optional(text.check(z.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/))),
})

/** Where the relay notes for itself whom a request names, and what was asked for. Nobody else writes it. */
export const namedTenant = 'x-leash-named-tenant'
export const requestLine = 'x-leash-request-line'

/** Where Google has a key too. A key of the relay has no character that is escaped in an address. */
const keyInAddress = /^(?:\/v1\/[\w-]+)?\/v1(?:alpha|beta)\/[^?]*\?(?:.*&)?key=([\w-]+)(?=&|$)/

/** Notes what the door alone knows, in place of whatever somebody has written there. */
export function note(incoming: IncomingMessage, from: TenantFrom | undefined, trusted: BlockList | undefined): void {
  const { headers, method = 'GET', url = '/' } = incoming
  noteCertificate(incoming)
  const key = keyInAddress.exec(url)?.[1]
  if (key !== undefined) headers['x-goog-api-key'] ??= key
  delete headers[namedTenant]
  delete headers[requestLine]
  if (headers['x-leash-signature'] !== undefined) headers[requestLine] = `${method} ${url}`
  const named = from && ((fromTrusted(incoming, trusted) && byHeader(headers, from)) || bySubdomain(headers, from))
  if (named) headers[namedTenant] = named
}

function byHeader(headers: IncomingHttpHeaders, { header }: TenantFrom): string | undefined {
  const value = header === undefined ? undefined : headers[header.toLowerCase()]
  return typeof value === 'string' ? value : value?.join(',')
}

function bySubdomain({ host = '' }: IncomingHttpHeaders, { domain }: TenantFrom): string | undefined {
  if (domain === undefined) return undefined
  // With a dot at its end it is the same host, as whoever writes it whole does.
  const name = host.toLowerCase().replace(/\.?(:\d+)?$/, '')
  const below = name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : ''
  return below || undefined
}
