import { defineCommand } from 'citty'
import { asArray, compact } from '../core/json.js'
import { ask, askAll, checkVerb, needed, printItems, segment } from './administration.js'
import { certificateOf } from './certificate.js'
import { printJson, telling } from './output.js'

export const keys = defineCommand({
  meta: { name: 'keys', description: 'The virtual keys of a relay; "keys create --tenant T", "keys revoke|rotate ID".' },
  args: {
    verb: { type: 'positional', description: 'create, revoke or rotate', required: false },
    id: { type: 'positional', description: 'Id of the key', required: false },
    tenant: { type: 'string', description: 'Slug of the tenant' },
    user: { type: 'string', description: 'Id of a user, for a key of their own' },
    name: { type: 'string', description: 'What it is for' },
    scopes: { type: 'string', description: 'A list, with commas, of call, usage, control, metrics, admin' },
    role: { type: 'string', description: "owner, admin, member or viewer: its rights in its tenant's administration" },
    expires: { type: 'string', description: 'The date on which it expires, such as 2027-01-01' },
    certificate: { type: 'string', description: 'The file or SHA-256 of a client certificate that must come with the key' },
    signed: { type: 'boolean', description: 'The key is accepted only with signed requests' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, id, tenant, user, name, scopes, role, expires, certificate, signed, json } }) =>
    telling(json, async () => {
      const whose = compact({ tenant, user })
      if (verb === undefined) return printItems(await askAll('keys', whose), json, rowOf)
      checkVerb('keys', verb, ['create', 'revoke', 'rotate'])
      if (verb === 'create') {
        needed(tenant, 'leash keys create --tenant TENANT')
        const wanted = {
          ...{ ...whose, name, role, expiresAt: expires },
          scopes: scopes?.split(','),
          certificate: certificate === undefined ? undefined : certificateOf(certificate),
          signed: signed || undefined,
        }
        return printJson(await ask('POST', 'keys', wanted))
      }
      printJson(await ask('POST', `keys/${segment(needed(id, `leash keys ${verb} ID`))}/${verb}`))
    }),
})

const rowOf = ({ id, tenant, user, name, scopes, role, revokedAt, expiresAt }: Record<string, unknown>) => [
  id,
  tenant,
  user,
  revokedAt ? 'revoked' : Number(expiresAt) <= Date.now() ? 'expired' : [role ?? [], asArray(scopes)].flat().join(','),
  name,
]
