/**
 * The relay's data plane beside a bare proxy and Portkey's gateway: mock vendor, proxies and relays are each a process of their
 * own, and take turns. With `--portkey`, npx fetches `@portkey-ai/gateway` into a temporary folder.
 *
 * node bench/relay.ts [rounds] [--portkey]
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import type { Told } from './relay-hosts.ts'
import { relayOptions } from './relay-options.ts'
import { inRounds, printRows, quantile, type Row } from './rounds.ts'

interface Contender {
  readonly name: string
  readonly pool: Pool
  readonly headers: Readonly<Record<string, string>>
  /** Microseconds of CPU so far; undefined where nobody can tell. */
  cpu?(): Promise<number>
}

const connections = 64
const roundMs = 2000
/** V8 compiles for as long as this, in threads whose CPU counts too. What is compared is what comes after. */
const warmUpMs = 10_000
const aloneMs = 1000

const rounds = Number(process.argv.slice(2).find((given) => /^\d+$/.test(given)) ?? 7)
const messages = [{ role: 'user', content: 'Say a hundred words. '.repeat(10) }]
const bodies = {
  unary: JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 200, messages }),
  '100-chunk stream': JSON.stringify({
    model: 'gpt-4o-mini',
    max_tokens: 200,
    stream: true,
    stream_options: { include_usage: true },
    messages,
  }),
}

const children: ChildProcess[] = []
const stops: (() => void)[] = []
try {
  const vendor = await started<number>('server.ts')
  const contenders: Contender[] = [
    await direct(vendor.told),
    await contender('bare', vendor.told),
    await contender('relay', vendor.told),
  ]
  contenders.push(await contender('budget', vendor.told, 'relay with a budget'))
  contenders.push(await workers(vendor.told, 2))
  if (process.argv.includes('--portkey')) contenders.push(await portkey(vendor.told))
  // Ratios are to the bare proxy.
  const [none, ...proxies] = contenders
  console.log(`node ${process.version}, ${rounds} interleaved rounds\n`)
  for (const [name, body] of Object.entries(bodies)) {
    const able = await ableTo(body, proxies)
    const used = new Map<string, number[]>()
    for (const contender of able) await load(contender, body, connections, warmUpMs)
    const rows = await inRounds(rounds, able, async (contender) => {
      const before = await contender.cpu?.()
      const count = await load(contender, body, connections, roundMs)
      const after = await contender.cpu?.()
      if (before !== undefined && after !== undefined) put(used, contender.name, (after - before) / count)
      return (count / roundMs) * 1000
    })
    printRows(`${name}, ${connections} connections`, 'calls/s', rows)
    printRows(`${name}, CPU of the proxy`, 'µs', rowsOf(used, able))
    const alone = await inRounds(rounds, none ? [none, ...able] : able, (contender) => latency(contender, body))
    printRows(`${name}, added at one connection`, 'µs', added(alone))
  }
} finally {
  for (const child of children) child.disconnect()
  for (const stop of stops) stop()
}
process.exit()

async function started<T>(file: string, ...args: readonly string[]): Promise<{ readonly told: T; readonly child: ChildProcess }> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  children.push(child)
  const [told] = await once(child, 'message')
  return { told, child }
}

async function direct(port: number): Promise<Contender> {
  return { name: 'no proxy', pool: poolAt(port), headers: headersFor('sk-bench') }
}

async function contender(role: string, vendor: number, name = role): Promise<Contender> {
  const { told, child } = await started<Told>('relay-hosts.ts', role, `${vendor}`)
  return {
    name,
    pool: poolAt(told.port),
    headers: headersFor(told.key ?? 'sk-bench'),
    async cpu() {
      child.send('cpu')
      const [used] = await once(child, 'message')
      return used
    },
  }
}

/** With a budget, as its own command starts them. */
async function workers(vendor: number, count: number): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'leash-bench-'))
  const config = join(folder, 'leash.yaml')
  writeFileSync(config, JSON.stringify(relayOptions(`http://127.0.0.1:${vendor}`, true)))
  const command = fileURLToPath(new URL('../dist/cli/index.js', import.meta.url))
  const args = ['relay', '--config', config, '--folder', folder, '--port', '0', '--workers', `${count}`, '--json']
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  stops.push(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const [said] = await once(child.stdout, 'data')
  const { url, call } = JSON.parse(said)
  return { name: `relay with a budget, ${count} workers`, pool: poolAt(Number(new URL(url).port)), headers: headersFor(call) }
}

/** Its npm package, as its readme starts it. */
async function portkey(vendor: number): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'leash-portkey-'))
  const port = await freePort()
  const child = spawn('npx', ['--yes', '--prefix', folder, '@portkey-ai/gateway', '--headless', `--port=${port}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
    env: { ...process.env, npm_config_cache: join(folder, 'cache') },
  })
  stops.push(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const headers = {
    ...headersFor('sk-bench'),
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${vendor}/v1`,
  }
  for (let tries = 0; tries < 240; tries++) {
    await setTimeout(500)
    const there = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (there) return { name: 'Portkey', pool: poolAt(port), headers }
  }
  throw new Error('Portkey has not started in two minutes.')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Who cannot answer at all is left out, and said to be. */
async function ableTo(body: string, proxies: readonly Contender[]): Promise<Contender[]> {
  const able: Contender[] = []
  for (const proxy of proxies) {
    const error = await asked(proxy.pool, proxy.headers, body).catch((error: unknown) => error)
    if (error === undefined) able.push(proxy)
    else console.log(`${proxy.name} is not in the next tables. ${error}\n`)
  }
  return able
}

function poolAt(port: number): Pool {
  return new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 })
}

function headersFor(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
}

/** @returns how many were answered */
async function load({ pool, headers }: Contender, body: string, lanes: number, ms: number): Promise<number> {
  const end = performance.now() + ms
  let count = 0
  const lane = async () => {
    while (performance.now() < end) {
      await asked(pool, headers, body)
      count++
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return count
}

/** @returns the median, in microseconds */
async function latency({ pool, headers }: Contender, body: string): Promise<number> {
  const end = performance.now() + aloneMs
  const all: number[] = []
  while (performance.now() < end) {
    const before = performance.now()
    await asked(pool, headers, body)
    all.push((performance.now() - before) * 1000)
  }
  return quantile(all, 0.5)
}

/** One call, to the end of its answer. By hand, so that the load costs less than what is measured. */
function asked(pool: Pool, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let [status, size] = [0, 0]
    pool.dispatch(
      { method: 'POST', path: '/v1/chat/completions', headers, body },
      {
        onRequestStart() {},
        onResponseStart(_, statusCode) {
          status = statusCode
        },
        onResponseData(_, chunk) {
          size += chunk.length
        },
        onResponseEnd() {
          // A proxy that answers with less than the vendor would look fast.
          if (status === 200 && size > 500) resolve()
          else reject(new Error(`It answered ${status}, with ${size} bytes.`))
        },
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}

function put(all: Map<string, number[]>, name: string, value: number): void {
  all.set(name, [...(all.get(name) ?? []), value])
}

/** The first measurement of each was to warm it up. */
function rowsOf(used: ReadonlyMap<string, readonly number[]>, order: readonly Contender[]): Row[] {
  return order.flatMap(({ name }) => {
    const values = used.get(name)?.slice(1)
    return values ? [{ name, values }] : []
  })
}

function added([none, ...rows]: readonly Row[]): Row[] {
  return rows.map(({ name, values }) => ({ name, values: values.map((value, round) => value - (none?.values[round] ?? 0)) }))
}
