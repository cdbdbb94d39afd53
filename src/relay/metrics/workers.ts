/** The metrics of all workers as one text: whoever asks the port reaches one of them, and Prometheus wants the same each time. */
import cluster from 'node:cluster'
import { asObject } from '../../core/json.js'
import { metricsBy } from './by.js'

/** What a worker says to the process that started it, and is told by it. */
interface Asked {
  readonly metrics: 'ask' | 'tell' | 'told' | 'all'
  readonly id: number
  readonly text?: string
  readonly texts?: Readonly<Record<string, string>>
}

/** One that does not answer is left out. */
const mostMs = 2000

const said = (message: unknown): Partial<Asked> => asObject(message)

/** In a worker. @param own what it counts itself */
export function shareMetrics(own: () => Promise<string>): () => Promise<string> {
  const waiting = new Map<number, (texts: Readonly<Record<string, string>>) => void>()
  let asked = 0
  process.on('message', async (message: unknown) => {
    const { metrics, id = 0, texts = {} } = said(message)
    if (metrics === 'tell') process.send?.({ metrics: 'told', id, text: await own() } satisfies Asked)
    if (metrics === 'all') waiting.get(id)?.(texts)
  })
  return () =>
    new Promise((resolve) => {
      const id = asked++
      const done = (texts: Readonly<Record<string, string>>) => {
        clearTimeout(late)
        waiting.delete(id)
        resolve(metricsBy('worker', Object.entries(texts)))
      }
      const late = setTimeout(async () => done({ [cluster.worker?.id ?? 0]: await own() }), 2 * mostMs)
      waiting.set(id, done)
      process.send?.({ metrics: 'ask', id } satisfies Asked)
    })
}

/** In the process that started them. */
export function gatherMetrics(): void {
  let rounds = 0
  const hearers = new Map<number, (worker: number, text: string) => void>()
  cluster.on('message', (from, message: unknown) => {
    const { metrics, id = 0, text = '' } = said(message)
    if (metrics === 'told') hearers.get(id)?.(from.id, text)
    if (metrics !== 'ask') return
    const all = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected())
    const round = rounds++
    const texts: Record<string, string> = {}
    const end = () => {
      clearTimeout(late)
      hearers.delete(round)
      if (from.isConnected()) from.send({ metrics: 'all', id, texts } satisfies Asked)
    }
    const late = setTimeout(end, mostMs)
    hearers.set(round, (worker, text) => {
      texts[worker] = text
      if (Object.keys(texts).length === all.length) end()
    })
    for (const worker of all) worker?.send({ metrics: 'tell', id: round } satisfies Asked)
  })
}
