/**
 * Carries the relay's calls to vendors, over undici's dispatcher itself: the platform's `fetch` costs more than all else that
 * the relay does for a call.
 */
import type { Dispatcher } from 'undici'
import { Lazy } from '../../core/lazy.js'
import { Recent } from '../../core/recent.js'
import type { Transport } from '../../core/transport.js'
import { Arriving } from './arriving.js'

export interface VendorPool {
  readonly transport: Transport
  /** Whatever is under way breaks off. */
  close(): Promise<void>
}

/** Some vendors' firewalls refuse whoever does not say who they are. */
const usual = { accept: '*/*', 'user-agent': 'leashllm' }

/** Nothing is loaded, and nobody connected to, before the first call. */
export function openVendorPool(): VendorPool {
  const dispatcher = new Lazy(openDispatcher)
  let closing: Promise<void> | undefined
  return {
    transport(url, init) {
      const { value } = dispatcher
      return value ? carry(value, url, init) : dispatcher.get().then((opened) => carry(opened, url, init))
    },
    async close() {
      closing ??= dispatcher.value?.destroy()
      await closing
    },
  }
}

async function openDispatcher(): Promise<Dispatcher> {
  // As Node's own `fetch` does it: https://nodejs.org/api/cli.html#node_use_env_proxy1
  if (process.env.NODE_USE_ENV_PROXY === '1') return new (await import('undici/lib/dispatcher/env-http-proxy-agent.js')).default()
  return new (await import('undici/lib/dispatcher/agent.js')).default()
}

interface Address {
  readonly origin: string
  readonly path: string
}

/** Calls go to a few addresses again and again. */
const addresses = new Recent<string, Address>(200)

function addressed(url: string): Address {
  const known = addresses.get(url)
  if (known) return known
  const { origin, pathname, search } = new URL(url)
  const address = { origin, path: pathname + search }
  addresses.set(url, address)
  return address
}

function carry(dispatcher: Dispatcher, url: string, init: RequestInit): Promise<Response> {
  const { method = 'GET', headers, body, signal } = init
  // Forms and streams, which no protocol sends.
  if (body && typeof body !== 'string' && !(body instanceof Uint8Array)) return fetch(url, init)
  const { origin, path } = addressed(url)
  return new Promise((resolve, reject) => {
    const arriving = new Arriving({ resolve, reject, signal })
    if (signal?.aborted) return
    dispatcher.dispatch(
      {
        origin,
        path,
        method: method as Dispatcher.HttpMethod,
        headers: { ...usual, ...(headers instanceof Headers ? Object.fromEntries(headers) : headers) },
        body: body ?? null,
      },
      arriving,
    )
  })
}
