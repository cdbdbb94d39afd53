import { defineCommand } from 'citty'
import { ask, checkVerb, needed, printItems, segment, timeOf } from './administration.js'
import { printJson, telling } from './output.js'
import { secretFrom } from './secret-input.js'

export const vendorKeys = defineCommand({
  meta: { name: 'vendor-keys', description: 'The vendor keys that a tenant brought; "vendor-keys set|delete PROVIDER".' },
  args: {
    verb: { type: 'positional', description: 'set or delete', required: false },
    provider: { type: 'positional', description: 'Name of the provider, such as openai', required: false },
    tenant: { type: 'string', description: 'Slug of the tenant', default: 'default' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, provider, tenant, json } }) =>
    telling(json, async () => {
      const path = `tenants/${segment(tenant)}/vendor-keys`
      if (verb === undefined) return printItems(await ask('GET', path), json, rowOf)
      checkVerb('vendor-keys', verb, ['set', 'delete'])
      const one = `${path}/${segment(needed(provider, `leash vendor-keys ${verb} PROVIDER`))}`
      if (verb === 'set') return printJson(await ask('PUT', one, { key: await secretFrom('LEASH_VENDOR_KEY', 'the key') }))
      await ask('DELETE', one)
    }),
})

const rowOf = ({ provider, last4, updatedAt, actor }: Record<string, unknown>) => [
  provider,
  `…${last4}`,
  timeOf(updatedAt),
  actor,
]
