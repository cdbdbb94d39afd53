/** A relay on a port of its own, with its files in a folder that is thrown away, before mock vendors. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { type Relay, type RelayOptions, startRelay } from '../../src/relay/relay.js'
import { mockProviders } from '../../src/testing/index.js'

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leashllm-relay-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface TestRelay extends Relay {
  readonly folder: string
  /** What it was started with. */
  readonly options: RelayOptions
  readonly admin: string
  readonly call: string
  /** What it has said in the background. */
  readonly warnings: readonly string[]
  /** Asks the administration, and reads its answer. */
  ask(method: string, path: string, body?: unknown, key?: string): Promise<Asked>
}

export interface Asked {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by tests alone, which know what they wait for
  readonly body: any
}

export async function openRelay(vendors: string, options: RelayOptions = {}): Promise<TestRelay> {
  const folder = options.folder ?? temporaryFolder()
  const warnings: string[] = []
  const leash = { providers: mockProviders(vendors), ...options.leash }
  const given = { port: 0, throttle: { wrongKeys: false as const }, ...options, folder, leash }
  const relay = await startRelay(given, { warn: (message) => warnings.push(message) })
  cleanups.push(() => relay.close())
  const { admin = '', call = '' } = relay.firstKeys ?? {}
  const ask: TestRelay['ask'] = async (method, path, body, key = admin) => {
    const response = await fetch(`${relay.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  return { ...relay, folder, options: given, admin, call, warnings, ask }
}
