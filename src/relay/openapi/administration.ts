/** The administration. Everybody who has a role in it reaches what is his tenant's; administrators of the relay reach everything. */
import { optionsSchema } from '../../config/schema.js'
import * as z from '../../core/shape.js'
import { policyMembers } from '../../policy.js'
import { relayShape } from '../config/config.js'
import { changeable } from '../config/settings.js'
import { keyScopes } from '../keys/record.js'
import { roles } from '../people/roles.js'
import { givenStatuses, statuses } from '../people/status.js'
import { eventTypes } from '../webhooks/events.js'
import { deliveryStatuses } from '../webhooks/queue.js'
import { moment, type Operation, type Operations, page, report, text } from './operation.js'

const tenant = '/v1/admin/tenants/:slug'
const named = text.check(z.minLength(1))
const metadata = z.optional(z.record(text, text))
const status = z.optional(z.enum(givenStatuses))
const role = z.optional(z.enum(roles))
const version = z.strictObject({ version: z.int().check(z.minimum(0)) })
const versions = { from: z.optional(z.int().check(z.minimum(0))), to: z.optional(z.int().check(z.minimum(0))) }
const policy = z.strictObject(policyMembers(optionsSchema.members))

const read = (does: string, query: Operation['query'] = {}): Operation => ({ does, who: 'role', query })
const write = (does: string, body?: z.Shape, status = 200): Operation => ({
  does,
  who: 'role',
  status,
  ...(body && { body }),
})
const gone = (does: string, body?: z.Shape): Operation => ({ ...write(does, body, 204), answers: null })

const checked = (does: string, body: z.Shape): Operation => ({
  ...write(`${does}; \`dry_run\` only checks`, body),
  query: { dry_run: z.optional(text) },
})

const tenants: Operations = {
  'GET /v1/admin/tenants': read('Lists tenants', {
    ...page,
    plan: z.optional(text),
    status: z.optional(z.enum(statuses)),
    search: z.optional(text),
    usedSince: z.optional(text),
  }),
  'POST /v1/admin/tenants': write(
    'Creates a tenant',
    z.strictObject({ slug: named, name: z.optional(text), plan: z.optional(text), metadata }),
    201,
  ),
  [`GET ${tenant}`]: read('Shows a tenant'),
  [`PATCH ${tenant}`]: write(
    'Changes a tenant',
    z.strictObject({ name: z.optional(text), plan: z.optional(text), status, metadata }),
  ),
  [`DELETE ${tenant}`]: gone('Deletes a tenant, and disables its keys permanently'),
  [`GET ${tenant}/policy`]: read('Shows the policy of a tenant'),
  [`PUT ${tenant}/policy`]: checked('Sets the policy of a tenant', policy),
  [`GET ${tenant}/policy/history`]: read('Lists the versions of the policy of a tenant', page),
  [`GET ${tenant}/policies/diff`]: read('Compares two versions of the policy of a tenant', versions),
  [`POST ${tenant}/policy/rollback`]: write('Puts a version of the policy of a tenant in force again', version),
  [`GET ${tenant}/vendor-keys`]: read('Lists the providers for which a tenant has its own key'),
  [`PUT ${tenant}/vendor-keys/:provider`]: write('Stores the key of a tenant for a provider', z.strictObject({ key: named })),
  [`DELETE ${tenant}/vendor-keys/:provider`]: gone('Removes the key of a tenant for a provider'),
  [`GET ${tenant}/statements`]: read('Lists the months for which a tenant has a statement'),
  [`GET ${tenant}/statements/:month`]: read('Shows the statement of a tenant for a month, such as 2026-11', {
    format: z.optional(z.enum(['json', 'csv', 'html'])),
  }),
}

const people: Operations = {
  [`GET ${tenant}/users`]: read('Lists the users of a tenant', page),
  [`POST ${tenant}/users`]: write(
    'Adds a user',
    z.strictObject({ id: z.optional(text), email: named, name: z.optional(text), role }),
    201,
  ),
  [`GET ${tenant}/users/:user`]: read('Shows a user'),
  [`PATCH ${tenant}/users/:user`]: write(
    'Changes a user',
    z.strictObject({ email: z.optional(text), name: z.optional(text), role, status }),
  ),
  [`DELETE ${tenant}/users/:user`]: gone('Deletes a user permanently'),
  [`PUT ${tenant}/users/:user/password`]: gone('Sets the password of a user', z.strictObject({ password: named })),
  'POST /api/auth/token': {
    does: 'Signs in, with a key or with an e-mail address and password',
    who: 'everybody',
    body: z.strictObject({ email: named, password: named, tenant: z.optional(text) }),
  },
  'GET /api/auth/provider': { does: 'Shows the name of the identity provider', who: 'everybody' },
  'POST /api/auth/provider/start': { does: 'Starts a sign-in at the identity provider', who: 'everybody' },
  'POST /api/auth/provider/token': {
    does: 'Completes a sign-in at the identity provider',
    who: 'everybody',
    body: z.strictObject({
      state: text,
      code: z.optional(text),
      iss: z.optional(text),
      error: z.optional(text),
    }),
  },
  'GET /v1/admin/me': read('Shows whose the requesting key is, and what it may do'),
  'GET /v1/admin/clients': read('Lists in-process clients, and the policy revision of each', {
    ...page,
    tenant: z.optional(text),
    user: z.optional(text),
  }),
}

const keys: Operations = {
  'GET /v1/admin/keys': read('Lists virtual keys', { tenant: z.optional(text), user: z.optional(text), ...page }),
  'POST /v1/admin/keys': write(
    'Creates a key, and shows it this once',
    z.strictObject({
      tenant: named,
      user: z.optional(named),
      name: z.optional(text),
      scopes: z.optional(z.array(z.enum(keyScopes)).check(z.minLength(1))),
      role,
      signed: z.optional(z.boolean()),
      certificate: z.optional(text),
      expiresAt: z.optional(moment),
    }),
    201,
  ),
  'POST /v1/admin/keys/:id/revoke': write('Revokes a key'),
  'POST /v1/admin/keys/:id/rotate': write('Rotates a key: creates its successor', undefined, 201),
  'GET /v1/admin/keys/:id/policy': read('Shows the policy of a key, on top of its tenant’s'),
  'PUT /v1/admin/keys/:id/policy': checked('Sets the policy of a key', policy),
  'GET /v1/admin/keys/:id/policy/history': read('Lists the versions of the policy of a key', page),
  'GET /v1/admin/keys/:id/policies/diff': read('Compares two versions of the policy of a key', versions),
  'POST /v1/admin/keys/:id/policy/rollback': write('Puts a version of the policy of a key in force again', version),
}

const changed = Object.fromEntries(Object.entries(relayShape.members).filter(([name]) => changeable.some((one) => one === name)))

const relay: Operations = {
  'GET /v1/admin/config': read('Shows the configuration in force, without secrets'),
  'PUT /v1/admin/config': checked('Changes the part of the configuration that can be changed over HTTP', z.strictObject(changed)),
  'GET /v1/admin/config/versions': read('Lists the versions of these changes'),
  'POST /v1/admin/config/rollback': write('Puts a version of these changes in force again; 0 removes all of them', version),
  'GET /v1/admin/backup': { ...read('Copies the database'), answers: 'application/vnd.sqlite3' },
  'GET /v1/admin/overview': read("Shows the numbers of the dashboard's first page", { tenant: z.optional(text) }),
  'GET /v1/admin/calls': read('Lists attempts, newest first; as a stream with `Accept: text/event-stream`', {
    call: z.optional(text),
    tenant: z.optional(text),
    ...page,
  }),
  'GET /v1/admin/latency': read('Shows the latency of the newest thousand attempts', { tenant: z.optional(text) }),
  'GET /v1/admin/health': read('Shows the health of targets and providers'),
  'GET /v1/admin/usage': read('Reports usage', report),
  'GET /v1/usage': { does: "Reports the usage of the key's own tenant", who: 'usage', query: report },
  'GET /v1/admin/audit': read('Lists who changed what', {
    actor: z.optional(text),
    action: z.optional(text),
    tenant: z.optional(text),
    target: z.optional(text),
    from: z.optional(text),
    to: z.optional(text),
    before: z.optional(z.int()),
    format: z.optional(z.enum(['json', 'ndjson', 'csv'])),
    limit: page.limit,
  }),
  'GET /v1/admin/audit/replay/:call': read('Evaluates the policy once more for a call'),
  'GET /v1/admin/audit/verify': read('Says whether the chain of the audit trail is intact'),
}

const hook = {
  description: z.optional(text),
  events: z.optional(z.array(z.enum(eventTypes)).check(z.minLength(1))),
  enabled: z.optional(z.boolean()),
}

const webhooks: Operations = {
  'GET /v1/admin/webhooks': read('Lists webhooks'),
  'POST /v1/admin/webhooks': write(
    'Creates a webhook, and shows its secret this once',
    z.strictObject({ url: named, tenant: z.optional(text), ...hook }),
    201,
  ),
  'GET /v1/admin/webhooks/:id': read('Shows a webhook'),
  'PATCH /v1/admin/webhooks/:id': write('Changes a webhook', z.strictObject({ url: z.optional(text), ...hook })),
  'DELETE /v1/admin/webhooks/:id': gone('Deletes a webhook, and the events that wait for it'),
  'POST /v1/admin/webhooks/:id/rotate': write('Gives a webhook a new secret', undefined, 201),
  'POST /v1/admin/webhooks/:id/test': write('Sends a test event to a webhook', undefined, 202),
  'GET /v1/admin/webhooks/deliveries': read('Lists deliveries', {
    status: z.optional(z.enum(deliveryStatuses)),
    endpoint: z.optional(text),
    ...page,
  }),
  'POST /v1/admin/webhooks/deliveries/:id/retry': write('Tries a delivery again that was given up'),
}

export const administration: Operations = { ...tenants, ...people, ...keys, ...relay, ...webhooks }
