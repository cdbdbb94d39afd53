/** Several processes that share a port: https://nodejs.org/api/cluster.html */
import cluster, { type Worker } from 'node:cluster'
import { join } from 'node:path'
import { LeashError } from '../../core/errors.js'
import { asObject, isObject } from '../../core/json.js'
import { readEnv } from '../../providers/env.js'
import type { RelayOptions } from '../config/config.js'
import { makeFolder } from '../files.js'
import { gatherMetrics } from '../metrics/workers.js'
import { Signer } from '../policy/signer.js'
import type { Relay } from '../relay.js'
import { joinWorkers } from '../replicas/worker-replicas.js'
import { migrate } from '../store/migrations.js'
import { openSqlite } from '../store/sqlite.js'

export type Workers = Pick<Relay, 'url' | 'publicKey' | 'firstKeys' | 'close'> & {
  /** Has each of them read the configuration again. One of them tells of it. */
  reload(): Promise<void>
}

/** What a process says once it takes requests. */
type Ready = Pick<Relay, 'url' | 'firstKeys'>

/** Said to a worker, which answers the first of them. */
interface Reload {
  readonly reload: 'first' | 'follow'
}

/** Said by the first. */
interface Reloaded {
  readonly reloaded: boolean
}

/** Those that have said so. */
const serving = new WeakSet<Worker>()

/** One that has died is replaced after a pause, lest one that cannot live is started again and again. */
const pauseMs = 1000

/** Runs the program that runs now so many times over. @throws LeashError `invalid_config` when none of them starts */
export async function startWorkers(options: RelayOptions, count: number): Promise<Workers> {
  const { folder = '.leash', database = readEnv('DATABASE_URL') } = options
  makeFolder(folder)
  // Made here, so that no two of them make one.
  const { publicKey } = new Signer(join(folder, 'signing-key.pem'))
  // Held for all of them, so that nobody else opens it.
  const sql = database === undefined ? await openSqlite({ file: join(folder, 'relay.db') }) : undefined
  if (sql) await migrate(sql)
  let closing = false
  // What is said to one that has just been killed is lost with it, and no reason for all to end.
  cluster.on('fork', (worker) => worker.on('error', () => {}))
  cluster.on('fork', hangUpFor)
  cluster.on('message', (worker, message: unknown) => {
    if (isReady(message)) serving.add(worker)
  })
  const forkAgain = () => void setTimeout(() => closing || cluster.fork(), pauseMs)
  gatherMetrics()
  joinWorkers()
  const started = await Promise.allSettled(Array.from({ length: count }, () => ready(cluster.fork())))
  const all = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const close = async () => {
    closing = true
    await Promise.all(workersNow().map(ended))
    await sql?.close()
  }
  const [first] = all
  if (!first) {
    await close()
    throw new LeashError('invalid_config', 'No worker of the relay has started. The messages above say why.')
  }
  // One that has started may have made the first keys, which nobody would be shown if the others were reason to end.
  for (let missing = all.length; missing < count; missing++) forkAgain()
  cluster.on('exit', (_, code) => {
    if (code !== 0) forkAgain()
  })
  const firstKeys = all.find((one) => one.firstKeys)?.firstKeys
  return {
    url: first.url,
    publicKey,
    ...(firstKeys && { firstKeys }),
    close,
    reload,
  }
}

/**
 * Node hands a worker one connection at a time, and lets go of it when the worker says that it has it: that of a worker which is
 * killed before stays open, and nobody answers on it.
 */
function hangUpFor({ process }: Worker): void {
  const { send } = process
  let handed: { close(): void } | undefined
  Object.assign(process, {
    send(message: unknown, handle?: typeof handed, ...rest: readonly unknown[]): unknown {
      if (asObject(message).act === 'newconn') handed = handle
      return Reflect.apply(send, process, [message, handle, ...rest])
    },
  })
  process.once('exit', (code) => {
    if (code !== 0) handed?.close()
  })
}

/** What one does not take, none does. */
async function reload(): Promise<void> {
  for (const first of workersNow()) {
    const taken = await reloaded(first)
    if (taken === undefined) continue
    if (taken) for (const other of workersNow()) if (other !== first) say(other, { reload: 'follow' })
    return
  }
}

/** @returns whether it has taken what it has read; undefined when there is nobody who could, or not yet */
function reloaded(worker: Worker): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const hear = (message: unknown) => {
      if (isObject(message) && typeof message.reloaded === 'boolean') end(message.reloaded)
    }
    const gone = () => end(undefined)
    const end = (taken: boolean | undefined) => {
      worker.off('message', hear).off('exit', gone)
      resolve(taken)
    }
    worker.on('message', hear).once('exit', gone)
    if (!serving.has(worker) || !say(worker, { reload: 'first' })) end(undefined)
  })
}

/** @returns whether there is anybody to say it to */
function say(worker: Worker, message: Reload): boolean {
  if (!worker.isConnected()) return false
  worker.send(message)
  return true
}

/** In a worker. @param read the configuration again. @returns ends it */
export function readWhenTold(read: (tells: boolean) => Promise<boolean>): () => void {
  const hear = async (message: unknown) => {
    const { reload } = asObject(message)
    if (reload === 'first') process.send?.({ reloaded: await read(true) } satisfies Reloaded)
    if (reload === 'follow') await read(false)
  }
  process.on('message', hear)
  return () => void process.off('message', hear)
}

/** Said by a worker. */
export function tellReady({ url, firstKeys }: Relay): void {
  process.send?.({ url, ...(firstKeys && { firstKeys }) } satisfies Ready)
}

const workersNow = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

const isReady = (message: unknown): message is Ready => typeof asObject(message).url === 'string'

function ready(worker: Worker): Promise<Ready> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: unknown) => {
      if (isReady(message)) resolve(message)
    })
    worker.once('exit', reject)
  })
}

/** Streams go on to their end, for a time. */
function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.isDead()) return resolve()
    worker.once('exit', () => resolve())
    worker.process.kill('SIGTERM')
  })
}
