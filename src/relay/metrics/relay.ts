/** What the relay counts of itself, beside what its leashes count of their calls. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Family } from '../../middleware/metrics/families.js'
import { Registry } from '../../middleware/metrics/registry.js'
import { familyText } from '../../middleware/metrics/text.js'
import { isTokenQuestion } from '../../protocols/count-tokens.js'
import { isModelPath } from '../../recognise.js'
import type { Backlog } from './backlog.js'

const seconds = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60, 300]

const families = {
  leash_relay_requests_total: {
    type: 'counter',
    help: 'Requests that were answered, by what they asked for.',
    labels: ['route', 'method', 'status'],
  },
  leash_relay_request_duration_seconds: {
    type: 'histogram',
    help: 'How long requests take, streams to their end.',
    labels: ['route'],
    buckets: seconds,
  },
  leash_relay_active_requests: { type: 'gauge', help: 'Requests under way.', labels: [] },
  leash_relay_refused_total: { type: 'counter', help: 'Requests that were refused at the door.', labels: ['code'] },
  leash_relay_usage_lines_total: {
    type: 'counter',
    help: 'Lines of usage that were taken, and that were known already.',
    labels: ['result'],
  },
  leash_relay_backlog: {
    type: 'gauge',
    help: 'What is under way in the database, the same from each relay of it.',
    labels: ['what'],
  },
  leash_relay_backlog_oldest_seconds: {
    type: 'gauge',
    help: 'How long the oldest of it has waited, the same from each relay of the database.',
    labels: ['what'],
  },
  leash_relay_start_time_seconds: { type: 'gauge', help: 'When the relay was started, in seconds since 1970.', labels: [] },
  process_resident_memory_bytes: { type: 'gauge', help: 'Memory of the process.', labels: [] },
  process_cpu_seconds_total: { type: 'counter', help: 'Processor time of the process.', labels: [] },
} as const satisfies Record<string, Family>

type Name = keyof typeof families

/** The first parts of paths that are told apart. What strangers make up is `other`. */
const routes = ['control/policy', 'control/leases', 'usage', 'traces', 'admin', 'gateway', 'models']
const known = ['health', 'ready', 'metrics', 'docs', 'openapi.json']
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']

export class RelayMetrics {
  readonly #numbers = new Registry<Name>(families)
  #active = 0
  #askAll: (() => Promise<string>) | undefined

  constructor(now: () => number = Date.now) {
    this.#numbers.set('leash_relay_start_time_seconds', [], now() / 1000)
  }

  /** @param isRaw whether a path is of a vendor's own API */
  begin({ method = '', url = '' }: IncomingMessage, outgoing: ServerResponse, isRaw: (path: string) => boolean): void {
    const began = performance.now()
    this.#active++
    outgoing.once('close', () => {
      this.#active--
      const route = routeOf(url.split('?', 1)[0] ?? '', isRaw)
      const asked = methods.includes(method) ? method : 'other'
      // Who leaves before the answer has begun is told no status.
      const status = outgoing.headersSent ? String(outgoing.statusCode) : 'left'
      this.#numbers.add('leash_relay_requests_total', [route, asked, status])
      this.#numbers.observe('leash_relay_request_duration_seconds', [route], (performance.now() - began) / 1000)
    })
  }

  refused(code: string): void {
    this.#numbers.add('leash_relay_refused_total', [code])
  }

  took({ taken, known }: { readonly taken: number; readonly known: number }): void {
    this.#numbers.add('leash_relay_usage_lines_total', ['taken'], taken)
    this.#numbers.add('leash_relay_usage_lines_total', ['known'], known)
  }

  /** Several processes stand behind one port, and each counts for itself. @param askAll asks all of them */
  share(askAll: () => Promise<string>): void {
    this.#askAll = askAll
  }

  /** @param own what this process tells */
  all(own: () => Promise<string>): Promise<string> {
    return this.#askAll ? this.#askAll() : own()
  }

  text(backlog: readonly Backlog[] = []): string {
    for (const name of ['leash_relay_backlog', 'leash_relay_backlog_oldest_seconds'] as const) this.#numbers.clear(name)
    for (const { what, count, seconds } of backlog) {
      this.#numbers.set('leash_relay_backlog', [what], count)
      if (seconds !== undefined) this.#numbers.set('leash_relay_backlog_oldest_seconds', [what], seconds)
    }
    this.#numbers.set('leash_relay_active_requests', [], this.#active)
    this.#numbers.set('process_resident_memory_bytes', [], process.memoryUsage.rss())
    const { user, system } = process.cpuUsage()
    this.#numbers.set('process_cpu_seconds_total', [], (user + system) / 1e6)
    const names = Object.keys(families) as Name[]
    return names.map((name) => familyText(name, families[name], this.#numbers.samples(name))).join('')
  }
}

/** Bounded: what a metric is named by must not be anybody's to choose. */
function routeOf(path: string, isRaw: (path: string) => boolean): string {
  if (isModelPath(path)) return 'calls'
  if (isTokenQuestion(path)) return 'count_tokens'
  if (/^\/v1beta\/models(\/|$)/.test(path)) return 'models'
  const route = routes.find((one) => path === `/v1/${one}` || path.startsWith(`/v1/${one}/`))
  if (route !== undefined) return route
  if (path.startsWith('/api/auth/')) return 'auth'
  const page = path.slice(1)
  if (known.includes(page)) return page
  if (/^\/(dashboard\.\w+|signed-in)?$/.test(path)) return 'dashboard'
  return isRaw(path) ? 'raw' : 'other'
}
