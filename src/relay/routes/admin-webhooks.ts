/** Webhooks: who is told of what, what was told, and what could not be. */
import { type Context, Hono } from 'hono'
import { LeashError } from '../../core/errors.js'
import type { Members } from '../../core/json.js'
import { audited } from '../audit/audited.js'
import type { WebhookEndpoints } from '../webhooks/endpoints.js'
import { type EventType, eventTypes } from '../webhooks/events.js'
import { deliveryStatuses } from '../webhooks/queue.js'
import { type AdminEnv, bodyOf, pageOf, tenantOf } from './admin-env.js'
import type { RelayContext } from './context.js'
import { flag, oneOf, only, required, text } from './fields.js'

export function adminWebhooks(context: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  const reporting = () => context.collector.reporting
  const endpoints = () => reporting().endpoints
  const changing = <T>(
    c: Context<AdminEnv, '/:id'>,
    action: string,
    change: (all: WebhookEndpoints, id: string) => Promise<T>,
  ): Promise<T> => {
    const line = { actor: c.get('actor'), action, target: c.req.param('id') }
    return audited(
      context,
      (sql) => change(endpoints().within(sql), line.target),
      () => line,
    )
  }

  app.get('/', async (c) => c.json({ items: await endpoints().list() }))

  app.post('/', async (c) => {
    const body = await bodyOf(c)
    only(body, ['url', 'description', 'events', 'tenant', 'enabled'])
    const wanted = { url: required(body, 'url'), ...changesIn(body), ...text(body, 'tenant') }
    if (wanted.tenant !== undefined) await tenantOf(context, wanted.tenant)
    const { endpoint, secret } = await audited(
      context,
      (sql) => endpoints().within(sql).create(wanted),
      ({ endpoint }) => ({ actor: c.get('actor'), action: 'webhook.create', target: endpoint.id }),
    )
    return c.json({ ...endpoint, secret }, 201)
  })

  app.route('/deliveries', deliveries(context))

  app.get('/:id', async (c) => c.json(await endpoints().get(c.req.param('id'))))

  app.patch('/:id', async (c) => {
    const body = await bodyOf(c)
    only(body, ['url', 'description', 'events', 'enabled'])
    const changes = { ...text(body, 'url'), ...changesIn(body) }
    const changed = await changing(c, 'webhook.update', (all, id) => all.update(id, changes))
    return c.json(changed)
  })

  app.delete('/:id', async (c) => {
    await changing(c, 'webhook.delete', (all, id) => all.delete(id))
    return c.body(null, 204)
  })

  app.post('/:id/rotate', async (c) => {
    const secret = await changing(c, 'webhook.rotate', (all, id) => all.rotate(id))
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

function deliveries(context: RelayContext): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>()
  const reporting = () => context.collector.reporting

  app.get('/', async (c) => {
    const { status, ...page } = pageOf(c, 'endpoint', 'status')
    return c.json(await reporting().queue.list({ ...page, ...oneOf({ status }, 'status', deliveryStatuses) }))
  })

  app.post('/:id/retry', async (c) => {
    const delivery = await reporting().queue.retry(c.req.param('id'))
    await context.audit.append({ actor: c.get('actor'), action: 'webhook.retry', target: delivery.id })
    reporting().wake()
    return c.json(delivery)
  })

  return app
}

function changesIn(body: Members) {
  const { events } = body
  return {
    ...text(body, 'description'),
    ...(events !== undefined && { events: eventsIn(events) }),
    ...flag(body, 'enabled'),
  }
}

function eventsIn(given: unknown): EventType[] {
  const known = eventTypes.filter((type) => Array.isArray(given) && given.includes(type))
  if (Array.isArray(given) && given.length > 0 && given.every((one) => known.some((type) => type === one))) return known
  throw new LeashError('invalid_request', `\`events\` is a list of: ${eventTypes.join(', ')}.`, { param: 'events' })
}
