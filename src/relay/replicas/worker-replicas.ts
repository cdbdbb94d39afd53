/**
 * Workers of one relay, which talk through the process that has started them: what one has changed the others are told, and what
 * they count together is counted there.
 */
import cluster from 'node:cluster'
import { asObject } from '../../core/json.js'
import { Recent } from '../../core/recent.js'
import { hearing } from './hearing.js'
import type { Replicas, SharedCounts, Topic } from './replicas.js'

type Counted = Awaited<ReturnType<SharedCounts['add']>>

interface Said {
  readonly replicas: 'changed' | 'add' | 'added' | 'forget'
  /** Of what has changed, or is counted. */
  readonly name: string
  readonly topic?: Topic
  /** Of a question, and of the answer to it. */
  readonly id?: number
  readonly windowMs?: number
  readonly counted?: Counted
}

/** Who does not answer within this has nothing to say. */
const mostMs = 2000
const mostKnown = 500_000

const said = (message: unknown): Partial<Said> => asObject(message)

/** In a worker. */
export function workerReplicas(): Replicas {
  const waiting = new Map<number, (counted: Counted) => void>()
  let heard: ReturnType<typeof hearing> | undefined
  let asked = 0
  const listen = (message: unknown) => {
    const { replicas, topic, name, id = -1, counted } = said(message)
    if (replicas === 'changed' && topic) heard?.[topic](name)
    if (replicas === 'added') waiting.get(id)?.(counted)
  }
  process.on('message', listen)
  const say = (message: Said) => void process.send?.(message)
  return {
    tell: (topic, name) => say({ replicas: 'changed', topic, name }),
    hear(hearers) {
      heard = hearing(hearers)
    },
    storeOf: () => undefined,
    counts: {
      add: (name, windowMs) =>
        new Promise((resolve) => {
          const id = asked++
          const done = (counted: Counted) => {
            clearTimeout(late)
            waiting.delete(id)
            resolve(counted)
          }
          const late = setTimeout(done, mostMs, undefined)
          waiting.set(id, done)
          say({ replicas: 'add', name, windowMs, id })
        }),
      forget: async (name) => say({ replicas: 'forget', name }),
    },
    async close() {
      process.off('message', listen)
    },
  }
}

/** In the process that has started them. */
export function joinWorkers(): void {
  const known = new Recent<string, { count: number; readonly until: number }>(mostKnown)
  const count = (name: string, windowMs: number): Counted => {
    const now = Date.now()
    const found = known.get(name)
    const current = found && found.until > now ? found : { count: 0, until: now + windowMs }
    current.count++
    known.set(name, current)
    return { count: current.count, leftMs: current.until - now }
  }
  cluster.on('message', (from, message: unknown) => {
    const { replicas, name = '', windowMs = 0, id } = said(message)
    if (replicas === 'forget') known.delete(name)
    if (replicas === 'add' && from.isConnected())
      from.send({ replicas: 'added', name, ...(id !== undefined && { id }), counted: count(name, windowMs) } satisfies Said)
    if (replicas === 'changed')
      for (const worker of Object.values(cluster.workers ?? {}))
        if (worker !== from && worker?.isConnected()) worker?.send(message as Said)
  })
}
