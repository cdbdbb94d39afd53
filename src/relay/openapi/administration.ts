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
  }),
  'POST /v1/admin/tenants': write(
    'Makes a tenant',
    z.strictObject({ slug: named, name: z.optional(text), plan: z.optional(text), metadata }),
    201,
  ),
  [`GET ${tenant}`]: read('Shows a tenant'),
  [`PATCH ${tenant}`]: write(
    'Changes a tenant',
    z.strictObject({ name: z.optional(text), plan: z.optional(text), status, metadata }),
  ),
  [`DELETE ${tenant}`]: gone('Takes the keys of a tenant out of use for good'),
  [`GET ${tenant}/policy`]: read('Shows the policy of a tenant'),
  [`PUT ${tenant}/policy`]: checked('Sets it', policy),
  [`GET ${tenant}/policy/history`]: read('Its versions', page),
  [`GET ${tenant}/policies/diff`]: read('What changed from one version to another', versions),
  [`POST ${tenant}/policy/rollback`]: write('Puts one of them in force again', version),
  [`GET ${tenant}/vendor-keys`]: read('Lists the providers for which a tenant has brought a key'),
  [`PUT ${tenant}/vendor-keys/:provider`]: write('Brings a key', z.strictObject({ key: named })),
  [`DELETE ${tenant}/vendor-keys/:provider`]: gone('Takes it out'),
  [`GET ${tenant}/statements`]: read('Lists the months in which a tenant used something'),
  [`GET ${tenant}/statements/:month`]: read('What it used in a month, such as 2026-11', {
    format: z.optional(z.enum(['json', 'csv', 'html'])),
  }),
}

const people: Operations = {
  [`GET ${tenant}/users`]: read('Lists the people of a tenant', page),
  [`POST ${tenant}/users`]: write(
    'Adds somebody',
    z.strictObject({ id: z.optional(text), email: named, name: z.optional(text), role }),
    201,
  ),
  [`GET ${tenant}/users/:user`]: read('Shows somebody'),
  [`PATCH ${tenant}/users/:user`]: write(
    'Changes somebody',
    z.strictObject({ email: z.optional(text), name: z.optional(text), role, status }),
  ),
  [`DELETE ${tenant}/users/:user`]: gone('Takes somebody out'),
  [`PUT ${tenant}/users/:user/password`]: gone('Sets a password', z.strictObject({ password: named })),
  'POST /api/auth/token': {
    does: 'Signs in, by a key or an e-mail address with a password',
    who: 'everybody',
    body: z.strictObject({ email: named, password: named, tenant: z.optional(text) }),
  },
  'GET /api/auth/provider': { does: 'The name of the identity provider at which people sign in', who: 'everybody' },
  'POST /api/auth/provider/start': { does: 'Where a browser goes to sign in there', who: 'everybody' },
  'POST /api/auth/provider/token': {
    does: 'Ends a sign-in there, by what the browser came back with',
    who: 'everybody',
    body: z.strictObject({
      state: text,
      code: z.optional(text),
      iss: z.optional(text),
      error: z.optional(text),
    }),
  },
  'GET /v1/admin/me': read('Who asks'),
  'GET /v1/admin/clients': read('Clients in processes, and the policy that each holds to', {
    ...page,
    tenant: z.optional(text),
    user: z.optional(text),
  }),
}

const keys: Operations = {
  'GET /v1/admin/keys': read('Lists virtual keys', { tenant: z.optional(text), user: z.optional(text), ...page }),
  'POST /v1/admin/keys': write(
    'Makes a key, and shows it this once',
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
  'POST /v1/admin/keys/:id/revoke': write('Takes a key out of use'),
  'POST /v1/admin/keys/:id/rotate': write('Makes the successor of a key', undefined, 201),
  'GET /v1/admin/keys/:id/policy': read('Shows the policy of a key, which stands over its tenant’s'),
  'PUT /v1/admin/keys/:id/policy': checked('Sets it', policy),
  'GET /v1/admin/keys/:id/policy/history': read('Its versions', page),
  'GET /v1/admin/keys/:id/policies/diff': read('What changed from one version to another', versions),
  'POST /v1/admin/keys/:id/policy/rollback': write('Puts one of them in force again', version),
}

const changed = Object.fromEntries(Object.entries(relayShape.members).filter(([name]) => changeable.some((one) => one === name)))

const relay: Operations = {
  'GET /v1/admin/config': read('Shows the configuration in force, without secrets'),
  'PUT /v1/admin/config': checked('Changes the part of it that may change', z.strictObject(changed)),
  'GET /v1/admin/config/versions': read('Versions of what was changed'),
  'POST /v1/admin/config/rollback': write('Puts one of them in force again; 0 takes every change back', version),
  'GET /v1/admin/backup': { ...read('A copy of the database'), answers: 'application/vnd.sqlite3' },
  'GET /v1/admin/overview': read("What the dashboard's first page shows"),
  'GET /v1/admin/calls': read('Attempts, the newest first; as they come, for who accepts `text/event-stream`', {
    call: z.optional(text),
    tenant: z.optional(text),
    ...page,
  }),
  'GET /v1/admin/latency': read('How long the newest thousand attempts took', { tenant: z.optional(text) }),
  'GET /v1/admin/health': read('How targets and providers do'),
  'GET /v1/admin/usage': read('What was used', report),
  'GET /v1/usage': { does: "What the key's own tenant used", who: 'usage', query: report },
  'GET /v1/admin/audit': read('Who changed what', {
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
  'GET /v1/admin/audit/replay/:call': read('What the policy says of a call when it is asked again'),
  'GET /v1/admin/audit/verify': read('Whether the chain of the audit is whole'),
}

const hook = {
  description: z.optional(text),
  events: z.optional(z.array(z.enum(eventTypes)).check(z.minLength(1))),
  enabled: z.optional(z.boolean()),
}

const webhooks: Operations = {
  'GET /v1/admin/webhooks': read('Lists webhooks'),
  'POST /v1/admin/webhooks': write(
    'Makes one, and shows its secret this once',
    z.strictObject({ url: named, tenant: z.optional(text), ...hook }),
    201,
  ),
  'GET /v1/admin/webhooks/:id': read('Shows one'),
  'PATCH /v1/admin/webhooks/:id': write('Changes it', z.strictObject({ url: z.optional(text), ...hook })),
  'DELETE /v1/admin/webhooks/:id': gone('Takes it out'),
  'POST /v1/admin/webhooks/:id/rotate': write('Gives it another secret', undefined, 201),
  'POST /v1/admin/webhooks/:id/test': write('Sends an event to it', undefined, 202),
  'GET /v1/admin/webhooks/deliveries': read('What was sent, and what could not be', {
    status: z.optional(z.enum(deliveryStatuses)),
    endpoint: z.optional(text),
    ...page,
  }),
  'POST /v1/admin/webhooks/deliveries/:id/retry': write('Sends it once more'),
}

export const administration: Operations = { ...tenants, ...people, ...keys, ...relay, ...webhooks }
