/**
 * What stands between the load and the mock vendor, each in a process of its own, which tells its port to whoever forked it.
 * Asked for it, it tells how much CPU it has used so far, in microseconds, or what it holds.
 *
 * node bench/relay-hosts.ts <bare | relay | budget | all> <the vendor's port>
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import type { RelayOptions } from '../src/relay/relay.ts'
import { held } from './held.ts'
import { relayOptions, soakOptions } from './relay-options.ts'

export interface Told {
  readonly port: number
  /** What the relay takes. */
  readonly key?: string
  /** Of its administration. */
  readonly admin?: string
}

const [, , role, vendor = ''] = process.argv
const origin = `http://127.0.0.1:${vendor}`

const host =
  role === 'bare' ? await bare() : await relay(role === 'all' ? soakOptions(origin) : relayOptions(origin, role === 'budget'))
process.send?.(host)
process.on('message', async (asked) => {
  const { user, system } = process.cpuUsage()
  process.send?.(asked === 'held' ? await held() : user + system)
})
process.on('disconnect', () => process.exit())

/** The least that a proxy can do: it hands on what comes, and looks at nothing. */
async function bare(): Promise<Told> {
  const pool = new Pool(origin, { connections: 128 })
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming
    const { connection, 'transfer-encoding': _, ...kept } = headers
    pool
      .request({ method: method as 'POST', path, headers: { ...kept, host: 'vendor' }, body: incoming })
      .then(({ statusCode, headers, body }) => {
        outgoing.writeHead(statusCode, headers)
        body.pipe(outgoing)
      })
      .catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port }
}

async function relay(options: RelayOptions): Promise<Told> {
  const { startRelay } = (await import(
    process.env.RELAY_DIST ?? '../dist/relay/index.js'
  )) as typeof import('../src/relay/relay.ts')
  const folder = mkdtempSync(join(tmpdir(), 'leash-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const relay = await startRelay({ port: 0, folder, ...options })
  const { call: key, admin } = relay.firstKeys ?? {}
  return { port: Number(new URL(relay.url).port), ...(key !== undefined && { key }), ...(admin !== undefined && { admin }) }
}
