/** A real Postgres for one test file, where the machine has one: Debian's package `postgresql`, or any on the path. */
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, globSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { isExecutable, onFreePort, pathFolders } from './programs.js'

const folders = [...pathFolders, ...globSync('/usr/lib/postgresql/*/bin')]
const folder = folders.find((folder) => ['initdb', 'postgres'].every((program) => isExecutable(join(folder, program))))
const driver = await import('pg' as string).catch(() => undefined)

/** Tests that need a server are skipped where there is none: `describe.skipIf(!hasPostgres)`. The run lists them. */
export const hasPostgres = folder !== undefined && driver !== undefined

if (!hasPostgres)
  console.warn(
    'NOT RUN: tests over Postgres, because there is no server or no package `pg`. Install it: apt-get install postgresql',
  )

/** Starts a server before the file's tests. Inside of `describe.skipIf(!hasPostgres)`, where nothing is started when there is none. */
export function usePostgres(): UsedPostgres {
  let server: PostgresServer | undefined
  let count = 0
  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)
  afterAll(() => server?.stop())
  const url = () => {
    if (!server) throw new Error('The server is started before the first test, not while tests are collected.')
    return server.url
  }
  return {
    get url() {
      return url()
    },
    async another() {
      const name = `another_${++count}`
      const client = new driver.Client({ connectionString: url() })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      return new URL(name, url()).href
    },
  }
}

export interface UsedPostgres {
  readonly url: string
  /** @returns the address of a database with nothing in it */
  another(): Promise<string>
}

export interface PostgresServer {
  readonly url: string
  /** SIGKILL: it has no time to put anything in order. */
  kill(): Promise<void>
  /** After it was killed, with the same data at the same address. */
  again(): Promise<void>
  stop(): Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  if (folder === undefined) throw new Error('There is no Postgres on the path.')
  const data = await mkdtemp(join(tmpdir(), 'leash-postgres-'))
  // Postgres refuses to be run by root.
  const who = process.getuid?.() === 0 ? nobody() : undefined
  if (who) chownSync(data, who.uid, who.gid)
  execFileSync(join(folder, 'initdb'), ['-D', data, '-U', 'leash', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'], {
    ...who,
    stdio: 'ignore',
  })
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'deadlock_timeout=50ms']
  const argsOn = (port: number) => ['-D', data, '-p', `${port}`, ...settings.flatMap((one) => ['-c', one])]
  const program = join(folder, 'postgres')
  const first = await onFreePort(async (port) => ({ port, server: await running(program, argsOn(port), who) }))
  let { server } = first
  return {
    url: `postgres://leash@127.0.0.1:${first.port}/postgres`,
    kill: () => server.end('SIGKILL'),
    async again() {
      server = await insisted(program, argsOn(first.port), who)
    },
    async stop() {
      // At once, with all of its processes.
      await server.end('SIGQUIT')
      await rm(data, { recursive: true, force: true })
    },
  }
}

type Who = ReturnType<typeof nobody> | undefined

interface Running {
  end(signal: NodeJS.Signals): Promise<void>
}

/** The processes of one that was killed are gone a moment later, and until then it does not start. */
async function insisted(program: string, args: readonly string[], who: Who): Promise<Running> {
  for (let tries = 1; ; tries++) {
    try {
      return await running(program, args, who)
    } catch (error) {
      if (tries === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

async function running(program: string, args: readonly string[], who: Who): Promise<Running> {
  const server = spawn(program, args, { ...who, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const end = async (signal: NodeJS.Signals) => {
    server.kill(signal)
    await ended
  }
  let said = ''
  for await (const chunk of server.stderr) {
    said += String(chunk)
    if (said.includes('ready to accept connections')) {
      server.stderr.resume()
      return { end }
    }
  }
  await end('SIGQUIT')
  throw new Error(`postgres ended: ${said}`)
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
