/** Calls that nobody waits for: submitted, looked after, and fetched when they are done. */
import { type Context, Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { asObject, compact } from '../../core/json.js'
import { jsonOf } from '../http/body.js'
import { longestTtlMs } from '../jobs/options.js'
import { type Job, jobStatuses } from '../jobs/record.js'
import { callerOf } from '../people/caller.js'
import { mostBytes, type RelayContext } from './context.js'
import { oneOf, only, queryIn, text } from './fields.js'

/** Seconds after which to look again for a job that is not over. */
const lookAgain = '2'

export function gatewayJobRoutes({ keys, callers, jobs, collector }: RelayContext): Hono {
  const app = new Hono()
  const whose = (c: Context) => callerOf(callers, c.req.raw.headers, 'call')
  const found = async (c: Context): Promise<Job> => {
    const job = await jobs.store.get(await whose(c), c.req.param('id') ?? '')
    if (job) return job
    throw missing()
  }

  app.post('/', async (c) => {
    // It is made in the name of a key, which can be taken back.
    const caller = await callerOf(keys, c.req.raw.headers, 'call')
    const body = asObject(await jsonOf(c.req.raw, mostBytes))
    only(body, ['request', 'ttlMs', 'callback'])
    const job = await jobs.submit(caller, { request: body.request, ...ttlIn(body), ...text(body, 'callback'), ...onceIn(c) })
    c.header('location', `/v1/gateway/jobs/${job.id}`)
    return c.json(shown(job), 202)
  })

  app.get('/', async (c) => {
    const caller = await whose(c)
    const { after, limit, status } = queryIn(c.req.query(), ['after', 'limit', 'status'])
    const query = {
      ...oneOf({ status }, 'status', jobStatuses),
      ...compact({ after, limit: limit === undefined ? limit : Number(limit) }),
    }
    const { items, ...page } = await jobs.store.list(caller, query)
    return c.json({ items: items.map(shown), ...page })
  })

  /** What receivers of callbacks know the relay by. */
  app.get('/callback-secret', async (c) => {
    const { tenant } = await callerOf(keys, c.req.raw.headers, 'call')
    return c.json({ secret: collector.reporting.callbacks.secretOf(tenant) })
  })

  app.get('/:id', async (c) => c.json(shown(await found(c))))

  app.get('/:id/result', async (c) => {
    const job = await found(c)
    const answer = await jobs.store.answer(job, job.id)
    if (answer) return Response.json(answer.body, { status: answer.status })
    if (job.status === 'cancelled') throw new LeashError('invalid_request', 'The job was cancelled.', { status: 409 })
    return c.json(shown(job), 202, { 'retry-after': lookAgain })
  })

  app.post('/:id/cancel', async (c) => {
    const job = await jobs.cancel(await whose(c), c.req.param('id'))
    if (!job) throw missing()
    return c.json(shown(job))
  })

  return app
}

function onceIn(c: Context): { once?: string } {
  const once = c.req.header('idempotency-key')
  if (once === undefined || once === '') return {}
  if (once.length <= 200) return { once }
  throw new LeashError('invalid_request', 'An `Idempotency-Key` has up to 200 characters.')
}

const missing = () => new LeashError('not_found', 'There is no such job.')

const shown = ({ tenant: _, ...job }: Job) => job

function ttlIn({ ttlMs }: Record<string, unknown>): { ttlMs?: number } {
  if (ttlMs === undefined) return {}
  if (typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 1000 && ttlMs <= longestTtlMs) return { ttlMs }
  throw new LeashError('invalid_request', `\`ttlMs\` is a number of milliseconds from 1000 to ${longestTtlMs}.`, {
    param: 'ttlMs',
  })
}
