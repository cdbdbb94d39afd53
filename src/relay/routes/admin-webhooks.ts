/** Webhooks: who is told of what, what was told, and what could not be. */
import { Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import { type EventType, eventTypes } from '../webhook-events.js'
import { deliveryStatuses } from '../webhook-queue.js'
import { type AdminEnv, bodyOf, limitOf } from './admin-env.js'
import type { RelayContext } from './context.js'
import { oneOf, only, required, text } from './fields.js'

export function adminWebhooks(context: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  const reporting = () => context.collector.reporting
  const endpoints = () => reporting().endpoints
  const note = (actor: string, action: string, target: string) => context.audit.append({ actor, action, target })

  app.get('/', async (c) => c.json({ items: await endpoints().list() }))

  app.post('/', async (c) => {
    const body = await bodyOf(c)
    only(body, ['url', 'description', 'events', 'tenant', 'enabled'])
    const wanted = { url: required(body, 'url'), ...changesIn(body), ...text(body, 'tenant') }
    if (wanted.tenant !== undefined && !(await context.tenants.get(wanted.tenant)))
      throw new LeashError('not_found', 'There is no such tenant.')
    const { endpoint, secret } = await endpoints().create(wanted)
    await note(c.get('actor'), 'webhook.create', endpoint.id)
    return c.json({ ...endpoint, secret }, 201)
  })

  app.get('/deliveries', async (c) => {
    const { status, endpoint, after } = c.req.query()
    const query = {
      ...oneOf(status === undefined ? {} : { status }, 'status', deliveryStatuses),
      ...(endpoint !== undefined && { endpoint }),
      ...(after !== undefined && { after }),
      ...limitOf(c),
    }
    return c.json(await reporting().queue.list(query))
  })

  app.post('/deliveries/:id/retry', async (c) => {
    const delivery = await reporting().queue.retry(c.req.param('id'))
    await note(c.get('actor'), 'webhook.retry', delivery.id)
    reporting().wake()
    return c.json(delivery)
  })

  app.get('/:id', async (c) => c.json(await endpoints().get(c.req.param('id'))))

  app.patch('/:id', async (c) => {
    const body = await bodyOf(c)
    only(body, ['url', 'description', 'events', 'enabled'])
    const changed = await endpoints().update(c.req.param('id'), { ...text(body, 'url'), ...changesIn(body) })
    await note(c.get('actor'), 'webhook.update', changed.id)
    return c.json(changed)
  })

  app.delete('/:id', async (c) => {
    await endpoints().delete(c.req.param('id'))
    await note(c.get('actor'), 'webhook.delete', c.req.param('id'))
    return c.body(null, 204)
  })

  app.post('/:id/rotate', async (c) => {
    const secret = await endpoints().rotate(c.req.param('id'))
    await note(c.get('actor'), 'webhook.rotate', c.req.param('id'))
    return c.json({ secret }, 201)
  })

  app.post('/:id/test', async (c) => {
    const { id } = await endpoints().get(c.req.param('id'))
    const delivery = await reporting().queue.send(id, { type: 'webhook.test', data: { by: c.get('actor') } })
    reporting().wake()
    return c.json({ delivery }, 202)
  })

  return app
}

function changesIn(body: Readonly<Record<string, unknown>>) {
  const { events, enabled } = body
  if (enabled !== undefined && typeof enabled !== 'boolean')
    throw new LeashError('invalid_request', '`enabled` is true or false.', { param: 'enabled' })
  return {
    ...text(body, 'description'),
    ...(events !== undefined && { events: eventsIn(events) }),
    ...(enabled !== undefined && { enabled }),
  }
}

function eventsIn(given: unknown): EventType[] {
  const known = eventTypes.filter((type) => Array.isArray(given) && given.includes(type))
  if (Array.isArray(given) && given.length > 0 && given.every((one) => known.some((type) => type === one))) return known
  throw new LeashError('invalid_request', `\`events\` is a list of: ${eventTypes.join(', ')}.`, { param: 'events' })
}
