/** A real ClickHouse for one test file, where the machine has one: Debian's package `clickhouse-server`, or any on the path. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { isExecutable, onFreePort, onPath } from './programs.js'

/** Debian has it where a user's path may not lead. */
const usual = '/usr/sbin/clickhouse-server'
const binary = onPath('clickhouse-server') ?? (isExecutable(usual) ? usual : undefined)

/** Tests that need a server are skipped where there is none: `describe.skipIf(!hasClickHouse)`. The run lists them. */
export const hasClickHouse = binary !== undefined

if (!hasClickHouse)
  console.warn(
    'NOT RUN: tests over ClickHouse, because there is no clickhouse-server on the path. Install it: apt-get install clickhouse-server',
  )

export interface ClickHouseServer {
  readonly url: string
  readonly user: string
  readonly password: string
  /** @returns the rows that it answers with */
  query(text: string): Promise<Record<string, unknown>[]>
  /** SIGKILL: it has no time to put anything in order. */
  kill(): Promise<void>
  /** Where it was killed, with the same data at the same address. */
  again(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server before the file's tests. Inside of `describe.skipIf(!hasClickHouse)`, where nothing is started when there is none. */
export function useClickHouse(): () => ClickHouseServer {
  let server: ClickHouseServer | undefined
  beforeAll(async () => {
    server = await onFreePort(startClickHouse)
  }, 60_000)
  afterAll(() => server?.stop())
  return () => {
    if (!server) throw new Error('The server is started before the first test, not while tests are collected.')
    return server
  }
}

const user = 'leash'
const password = 'a password & more'

async function startClickHouse(port: number): Promise<ClickHouseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'leash-clickhouse-'))
  const url = `http://127.0.0.1:${port}`
  await writeFile(join(folder, 'config.xml'), configOf(folder, port))
  await writeFile(join(folder, 'users.xml'), users)
  const headers = { 'x-clickhouse-user': user, 'x-clickhouse-key': password }
  let server = await running(folder, url)
  return {
    url,
    user,
    password,
    async query(text) {
      const answer = await fetch(url, { method: 'POST', headers, body: `${text} FORMAT JSONEachRow` })
      const said = await answer.text()
      if (!answer.ok) throw new Error(said)
      return said
        .split('\n')
        .filter(Boolean)
        .map((line): Record<string, unknown> => JSON.parse(line))
    },
    kill: () => ended(server),
    async again() {
      if (isOver(server)) server = await running(folder, url)
    },
    async stop() {
      await ended(server)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function running(folder: string, url: string): Promise<ChildProcess> {
  if (binary === undefined) throw new Error('There is no clickhouse-server on the path.')
  const server = spawn(binary, [`--config-file=${join(folder, 'config.xml')}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  server.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(`clickhouse-server ended: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return server
}

async function ended(server: ChildProcess): Promise<void> {
  if (isOver(server)) return
  const over = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  server.kill('SIGKILL')
  await over
}

const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

const answers = (url: string) =>
  fetch(`${url}/ping`).then(
    ({ ok }) => ok,
    () => false,
  )

/** Old versions know `yandex` for the root, and new ones still do. Its caches are made small: by themselves they are gigabytes. */
const configOf = (folder: string, port: number) => `<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${port}</http_port>
  <path>${folder}/data/</path>
  <tmp_path>${folder}/tmp/</tmp_path>
  <user_files_path>${folder}/files/</user_files_path>
  <format_schema_path>${folder}/schemas/</format_schema_path>
  <users_config>${folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
</yandex>`

const users = `<yandex>
  <profiles><default><max_threads>2</max_threads></default></profiles>
  <quotas><default></default></quotas>
  <users>
    <${user}>
      <password>${password.replace('&', '&amp;')}</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </${user}>
  </users>
</yandex>`
