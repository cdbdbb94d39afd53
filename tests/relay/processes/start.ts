/** Vendors, relays and clients as processes of their own, which can be killed. What is forked here answers one message with one. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, inject } from 'vitest'
import { requiredBuiltins } from '../../../scripts/required-builtins.js'

export interface Started<Ready> {
  readonly ready: Ready
  /** Asks it something, and waits for the answer. */
  ask<T>(what: string): Promise<T>
  /** SIGKILL: it has no time for anything. */
  kill(): Promise<void>
}

const running = new Set<ChildProcess>()
let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(inject('programs'), 'processes-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  await build({
    entryPoints: {
      'relay/vendor': file('vendor.ts'),
      'relay/relay': file('relay.ts'),
      'relay/client': file('client.ts'),
      // Where it is in the package.
      'relay/sqlite-worker': file('../../../src/relay/store/sqlite-worker.ts'),
    },
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    packages: 'external',
    plugins: [requiredBuiltins],
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  })
})

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

export async function start<Ready>(name: 'vendor' | 'relay' | 'client', options: object): Promise<Started<Ready>> {
  const child = fork(join(folder, `dist/relay/${name}.js`), [JSON.stringify(options)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  running.add(child)
  const gone = once(child, 'exit').then(() => running.delete(child))
  const failed = gone.then(() => Promise.reject(new Error(`The process of a ${name} has ended.`)))
  failed.catch(() => {})
  const message = async () => (await Promise.race([once(child, 'message'), failed]))[0]
  const ready = await message()
  return {
    ready,
    ask(what) {
      child.send(what)
      return message()
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
