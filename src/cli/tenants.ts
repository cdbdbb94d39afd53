import { defineCommand } from 'citty'
import { ask, askAll, checkVerb, needed, printItems, segment } from './administration.js'
import { printJson, telling } from './output.js'

export const tenants = defineCommand({
  meta: { name: 'tenants', description: 'The tenants of a relay; "tenants create|suspend|activate SLUG" changes them.' },
  args: {
    verb: { type: 'positional', description: 'create, suspend or activate', required: false },
    slug: { type: 'positional', description: 'Short name of the tenant, such as search', required: false },
    name: { type: 'string', description: 'Display name' },
    plan: { type: 'string', description: 'Name of its plan' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, slug, name, plan, json } }) =>
    telling(json, async () => {
      if (verb === undefined)
        return printItems(await askAll('tenants'), json, ({ slug, status, plan, name }) => [slug, status, plan, name])
      checkVerb('tenants', verb, ['create', 'suspend', 'activate'])
      const which = needed(slug, `leash tenants ${verb} SLUG`)
      if (verb === 'create') return printJson(await ask('POST', 'tenants', { slug: which, name, plan }))
      const status = verb === 'suspend' ? 'suspended' : 'active'
      printJson(await ask('PATCH', `tenants/${segment(which)}`, { status }))
    }),
})
