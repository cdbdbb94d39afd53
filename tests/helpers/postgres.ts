/** A real Postgres for one test file, where the machine has one: Debian's package `postgresql`, or any on the path. */
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, globSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { freePort, isExecutable, pathFolders } from './programs.js'

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
export function usePostgres(): { readonly url: string } {
  let server: Server | undefined
  beforeAll(async () => {
    server = await start()
  }, 60_000)
  afterAll(() => server?.stop())
  return {
    get url() {
      if (!server) throw new Error('The server is started before the first test, not while tests are collected.')
      return server.url
    },
  }
}

interface Server {
  readonly url: string
  stop(): Promise<void>
}

async function start(): Promise<Server> {
  if (folder === undefined) throw new Error('There is no Postgres on the path.')
  const data = await mkdtemp(join(tmpdir(), 'leash-postgres-'))
  // Postgres refuses to be run by root.
  const who = process.getuid?.() === 0 ? nobody() : undefined
  if (who) chownSync(data, who.uid, who.gid)
  execFileSync(join(folder, 'initdb'), ['-D', data, '-U', 'leash', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'], {
    ...who,
    stdio: 'ignore',
  })
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'deadlock_timeout=50ms']
  const server = spawn(join(folder, 'postgres'), ['-D', data, '-p', `${port}`, ...settings.flatMap((one) => ['-c', one])], {
    ...who,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  // A test run that is cut short leaves no server behind. SIGQUIT: at once, with all of its processes.
  const orphan = () => server.kill('SIGQUIT')
  process.once('exit', orphan)
  const stop = async () => {
    process.off('exit', orphan)
    server.kill('SIGQUIT')
    await ended
    await rm(data, { recursive: true, force: true })
  }
  let said = ''
  for await (const chunk of server.stderr) {
    said += String(chunk)
    if (said.includes('ready to accept connections')) {
      server.stderr.resume()
      return { url: `postgres://leash@127.0.0.1:${port}/postgres`, stop }
    }
  }
  await stop()
  throw new Error(`postgres ended: ${said}`)
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
