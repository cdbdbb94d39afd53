import { existsSync } from 'node:fs'
import { defineCommand } from 'citty'
import { messageOf } from '../core/errors.js'
import type { Relay, RelayOptions } from '../relay/relay.js'
import { usualConfig } from './config.js'
import { paint, printJson, telling } from './output.js'
import { portOf, wholeNumber } from './whole-number.js'

export const relay = defineCommand({
  meta: { name: 'relay', description: 'Starts the companion relay: policy, quotas and usage for all your clients.' },
  args: {
    config: { type: 'string', description: `The configuration file; by default ${usualConfig}, if it exists` },
    host: { type: 'string', description: 'Address to listen on (127.0.0.1)' },
    port: { type: 'string', description: 'Port to listen on (4000)' },
    folder: { type: 'string', description: "Folder for the relay's own files (.leash)" },
    workers: { type: 'string', description: 'Processes that share the port (1)' },
    json: { type: 'boolean', description: 'Print its URL as JSON' },
  },
  run: ({ args }) =>
    telling(args.json, async () => {
      const { readConfig, startRelay } = await import('../relay/relay.js')
      const file = args.config ?? (existsSync(usualConfig) ? usualConfig : undefined)
      const flags = flagsOf(args)
      const options = () => ({ ...readConfig(file), ...flags })
      const first = options()
      const { default: cluster } = await import('node:cluster')
      if (cluster.isPrimary && (first.workers ?? 1) > 1) return await runWorkers(first, file, args.json)
      const { isWorker } = cluster
      const started = await startRelay(first, { isWorker })
      const again = rereading(started, options)
      const stopWatching = isWorker ? await followWorkers(again) : await keepUp(file, again)
      atEnd(async () => {
        stopWatching()
        await started.close()
        process.disconnect?.()
      })
      if (isWorker) (await import('../relay/http/workers.js')).tellReady(started)
      else greet(started, args.json)
    }),
})

async function runWorkers(options: RelayOptions, file: string | undefined, json: boolean | undefined): Promise<void> {
  const { startWorkers } = await import('../relay/http/workers.js')
  const started = await startWorkers(options, options.workers ?? 1)
  const stopWatching = await keepUp(
    file,
    inTurn(() => started.reload()),
  )
  atEnd(() => {
    stopWatching()
    return started.close()
  })
  greet(started, json)
}

function atEnd(close: () => Promise<void>): void {
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    void close().finally(() => process.removeAllListeners('SIGHUP'))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
}

function greet({ url, publicKey, firstKeys }: Pick<Relay, 'url' | 'publicKey' | 'firstKeys'>, json: boolean | undefined): void {
  if (json) printJson({ url, publicKey, ...firstKeys })
  else process.stdout.write(greeting(url, firstKeys))
}

type Flags = Readonly<Record<'host' | 'port' | 'folder' | 'workers', string | undefined>>

function flagsOf({ host, port, folder, workers }: Flags): RelayOptions {
  return {
    ...(host !== undefined && { host }),
    ...(folder !== undefined && { folder }),
    ...(port !== undefined && { port: portOf(port) }),
    ...(workers !== undefined && { workers: workersOf(workers) }),
  }
}

const workersOf = (typed: string) => wholeNumber(typed, 1, 256, 'no number of workers: give one from 1 to 256')

type Again<T> = (tells: boolean) => Promise<T>

/** One after the other: what was read last is to hold. */
function inTurn<T>(again: Again<T>): Again<T> {
  let turn: Promise<unknown> = Promise.resolve()
  return (tells) => {
    const read = turn.then(() => again(tells))
    turn = read
    return read
  }
}

/** @returns what reads the configuration again, and whether it was taken */
function rereading(relay: Relay, options: () => RelayOptions): Again<boolean> {
  return inTurn(async (tells) => {
    try {
      const changes = await relay.reload(options(), !tells)
      if (tells && changes.length > 0) say(`The configuration was read again: ${changes.map(({ path }) => path).join(', ')}.`)
      return true
    } catch (error) {
      sayUnchanged(messageOf(error))
      return false
    }
  })
}

const say = (line: string) => process.stderr.write(`${line}\n`)
const sayUnchanged = (why: string) => say(`The configuration stays as it was: ${why}`)

/** Reads the configuration again at SIGHUP, and when its file has changed. @returns ends it */
async function keepUp(file: string | undefined, again: Again<unknown>): Promise<() => void> {
  const { isEmpty, watchConfig } = await import('../relay/config/watch.js')
  const hear = () => {
    if (file !== undefined && isEmpty(file)) sayUnchanged(`${file} is empty.`)
    else void again(true)
  }
  process.on('SIGHUP', hear)
  const stop = file === undefined ? () => {} : watchConfig(file, hear)
  // It may have changed since it was read, before anybody watched.
  if (file !== undefined && !isEmpty(file)) await again(true)
  return () => {
    process.off('SIGHUP', hear)
    stop()
  }
}

/** Reads it again when the process that has started this one says so, which keeps up for all. @returns ends it */
async function followWorkers(again: Again<boolean>): Promise<() => void> {
  const { readWhenTold } = await import('../relay/http/workers.js')
  const stop = readWhenTold(again)
  // What was said before nobody has heard.
  await again(false)
  return stop
}

function greeting(url: string, keys: Relay['firstKeys']): string {
  const there = `The relay is at ${paint('bold', url)}\n`
  if (!keys) return there
  return `${there}
Its first keys. Keep them: they are not shown again.

  administration  ${keys.admin}
  calls           ${keys.call}

To put a program under it, set:

  export LEASH_RELAY_URL=${url}
  export LEASH_RELAY_KEY=${keys.call}
`
}
