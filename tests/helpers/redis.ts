/** A real Redis server for one test file, where the machine has one: Debian's package `redis-server`, or any on the path. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { onFreePort, onPath } from './programs.js'

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Stops answering, and goes on: for tests of a server that hangs. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

const binary = onPath('redis-server')

/** Tests that need a server are skipped where there is none: `describe.skipIf(!hasRedis)`. The run lists them. */
export const hasRedis = binary !== undefined

if (!hasRedis)
  console.warn(
    'NOT RUN: tests over Redis, because there is no redis-server on the path. Install it: apt-get install redis-server',
  )

/** Starts a server before the file's tests. Inside of `describe.skipIf(!hasRedis)`, where nothing is started when there is none. */
export function useRedis(...settings: string[]): { readonly url: string; readonly port: number } {
  let server: RedisServer | undefined
  beforeAll(async () => {
    server = await startRedis(...settings)
  })
  afterAll(() => server?.stop())
  const started = () => {
    if (!server) throw new Error('The server is started before the first test, not while tests are collected.')
    return server
  }
  return {
    get url() {
      return started().url
    },
    get port() {
      return started().port
    },
  }
}

/** @param settings as on the command line of redis-server, such as `--cluster-enabled`, `yes` */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  if (binary === undefined) throw new Error('There is no redis-server on the path.')
  return onFreePort((port) => start(binary, port, settings))
}

async function start(program: string, port: number, settings: readonly string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'leash-redis-'))
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', ...settings]
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const stop = async () => {
    // A process that is stopped does not hear SIGTERM.
    server.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const ready = (async () => {
    let said = ''
    for await (const chunk of server.stdout) {
      said += String(chunk)
      if (said.includes('Ready to accept connections')) return
    }
    throw new Error(`redis-server ended: ${said}`)
  })()
  try {
    await ready
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    stop,
  }
}
