/** The server itself: HTTP, or HTTPS where there is a certificate. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { LeashError, messageOf } from '../../core/errors.js'
import type { LimitOptions, TlsOptions } from './options.js'
import { wantsWebSocket } from './plain-again.js'

const usual = { headerBytes: 32 * 1024, headersMs: 20_000, requestMs: 300_000 }

/** Longer than proxies keep a connection that nothing is asked on, which would else ask on one that is just being closed. */
const keepAliveMs = 65_000

interface Listened {
  readonly tls: TlsOptions | undefined
  readonly limits: LimitOptions | undefined
}

/** @throws LeashError `invalid_config` when there is no certificate to be had */
export function createListener(listener: RequestListener, { tls, limits }: Listened): Server {
  const { headerBytes, headersMs, requestMs } = { ...usual, ...limits }
  const options = {
    maxHeaderSize: headerBytes,
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    // What is over time is looked for so often.
    connectionsCheckingInterval: Math.min(5000, headersMs),
    shouldUpgradeCallback: wantsWebSocket,
  }
  return tls ? createTlsServer({ ...options, ...certificateOf(tls) }, listener) : createServer(options, listener)
}

/** From the next handshake on. @throws LeashError `invalid_config`, and the old one stays */
export function renewCertificate(server: Server, tls: TlsOptions): void {
  if (isTls(server)) server.setSecureContext(certificateOf(tls))
}

const isTls = (server: Server): server is TlsServer => 'setSecureContext' in server

/** Checked here: a server takes a key that is not its certificate's, and fails every handshake. */
function certificateOf({ cert, key, clientCa }: TlsOptions) {
  const options: SecureContextOptions = {
    minVersion: 'TLSv1.2',
    cert: pemOf(cert, 'tls.cert'),
    key: pemOf(key, 'tls.key'),
    ...(clientCa !== undefined && { ca: pemOf(clientCa, 'tls.clientCa') }),
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    const why = messageOf(cause)
    throw new LeashError('invalid_config', `\`tls\` has no certificate and key that belong together, in PEM: ${why}.`, { cause })
  }
  return { ...options, ...(clientCa !== undefined && { requestCert: true, rejectUnauthorized: true }) }
}

/** A file, or what was in a file of secrets. */
function pemOf(given: string, option: string): string {
  if (given.startsWith('-----BEGIN')) return given
  try {
    return readFileSync(given, 'utf8')
  } catch (cause) {
    throw new LeashError('invalid_config', `The file of \`${option}\` cannot be read: ${given}.`, { cause })
  }
}
