/**
 * CPU per call with telemetry, as a ratio to the same client without: asked for while nobody takes spans and metrics, with
 * an SDK that keeps both in memory, and with one that does nothing, which leaves what is ours. And with `metrics: true`,
 * without an SDK. And `openai` by itself. Each in a process of its own, in turn. Over a transport in memory; with `--socket`
 * over a real one, to a server in yet another process.
 *
 * node bench/telemetry.ts [rounds] [--socket]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { compare, type Doer } from './jobs.ts'
import type { Asked, Kind } from './telemetry-hosts.ts'

const given = process.argv.slice(2)
const rounds = Number(given.find((one) => /^\d+$/.test(one)) ?? 41)
const children: ChildProcess[] = []
const started = (file: string, ...args: readonly string[]): ChildProcess => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args)
  children.push(child)
  return child
}

const server = given.includes('--socket') ? started('server.ts') : undefined
const baseURL = server && `http://127.0.0.1:${(await once(server, 'message'))[0]}/v1`

function doer(name: Kind): Doer {
  const child = started('telemetry-hosts.ts', name, ...(baseURL === undefined ? [] : [baseURL]))
  const told = async (asked: Asked) => {
    child.send(asked)
    const [told] = await once(child, 'message')
    return told
  }
  return { name, cpu: (job, calls) => told({ job, calls }), length: (job) => told({ job }) }
}

console.log(
  `CPU per call with telemetry, ${server ? 'over a socket' : 'in memory'}: node ${process.version}, ${rounds} interleaved rounds\n`,
)
const kinds: readonly Kind[] = ['leashllm', 'nobody takes it', 'telemetry on', 'SDK does nothing', 'metrics', 'openai, no leash']
await compare(kinds.map(doer), rounds, server ? 1 / 2 : 1)
for (const child of children) child.disconnect()
