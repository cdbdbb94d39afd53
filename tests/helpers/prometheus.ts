/** A real Prometheus for one test file, and its promtool, where the machine has them: Debian's package `prometheus` has both. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onFreePort, onPath } from './programs.js'
import { root } from './source.js'

/** One series of an answer, at the time of the query. */
export interface QuerySeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface PrometheusServer {
  query(expression: string): Promise<QuerySeries[]>
  /** Of its HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
  get(path: string): Promise<unknown>
  stop(): Promise<void>
}

const binary = onPath('prometheus')
const tool = onPath('promtool')

/** Tests that need one are skipped where there is none: `describe.skipIf(!hasPrometheus)`. The run lists them. */
export const hasPrometheus = binary !== undefined && tool !== undefined

if (!hasPrometheus)
  console.warn(
    'NOT RUN: tests over Prometheus, because there is no prometheus or promtool on the path. Install them: apt-get install prometheus',
  )

/** @throws Error with all that it says, when it finds a fault */
export function promtool(args: readonly string[], input = ''): string {
  if (tool === undefined) throw new Error('There is no promtool on the path.')
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd: root, input, encoding: 'utf8' })
  const said = `${stdout}${stderr}`
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}: ${said}`)
  return said
}

/** Asks every half second whoever is at `target`, a host and a port, and follows the alert rules of this repository. */
export async function startPrometheus(target: string): Promise<PrometheusServer> {
  if (binary === undefined) throw new Error('There is no prometheus on the path.')
  return onFreePort((port) => start(binary, target, `127.0.0.1:${port}`))
}

async function start(program: string, target: string, address: string): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'leash-prometheus-'))
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: [join(root, 'deploy/prometheus/alerts.yml')],
    scrape_configs: [{ job_name: 'leash', static_configs: [{ targets: [target] }] }],
  }
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const stop = async () => {
    server.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://${address}/api/v1/${path}`)
    return dataOf(await response.json())
  }
  try {
    while (!(await isReady(address))) {
      if (server.exitCode !== null) throw new Error('Prometheus has ended.')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    get,
    stop,
    query: async (expression) => seriesOf(await get(`query?query=${encodeURIComponent(expression)}`)),
  }
}

async function isReady(address: string): Promise<boolean> {
  return fetch(`http://${address}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}

function dataOf(answer: unknown): unknown {
  const { status, data, error } = answer as { status: string; data?: unknown; error?: string }
  if (status !== 'success') throw new Error(error)
  return data
}

function seriesOf(data: unknown): QuerySeries[] {
  const { result } = data as { result: { metric: Record<string, string>; value: [number, string] }[] }
  return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
}
