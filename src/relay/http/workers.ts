/** Several processes that share a port: https://nodejs.org/api/cluster.html */
import cluster, { type Worker } from 'node:cluster'
import { join } from 'node:path'
import { LeashError } from '../../core/errors.js'
import { isObject } from '../../core/json.js'
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
  /** Has each of them read the configuration again. */
  reload(): void
}

/** What a process says once it takes requests. */
type Ready = Pick<Relay, 'url' | 'firstKeys'>

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
    throw new LeashError('invalid_config', 'No worker of the relay has started. They have said why.')
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
    reload() {
      for (const worker of workersNow()) worker.process.kill('SIGHUP')
    },
  }
}

/** Said by a worker. */
export function tellReady({ url, firstKeys }: Relay): void {
  process.send?.({ url, ...(firstKeys && { firstKeys }) } satisfies Ready)
}

const workersNow = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

function ready(worker: Worker): Promise<Ready> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: unknown) => {
      if (isObject(message) && typeof message.url === 'string') resolve(message as unknown as Ready)
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
