import { defineCommand } from 'citty'
import { asObject } from '../core/json.js'
import { ask, printItems, timeOf, unknownVerb } from './administration.js'
import { printJson, telling } from './output.js'

export const audit = defineCommand({
  meta: { name: 'audit', description: 'Who changed what in a relay; "audit verify" tells whether the chain of it is whole.' },
  args: {
    verb: { type: 'positional', description: 'verify', required: false },
    tenant: { type: 'string', description: 'About one tenant alone' },
    action: { type: 'string', description: 'Such as policy.set' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, tenant, action, json } }) =>
    telling(json, async () => {
      if (verb === 'verify') {
        const verified = asObject(await ask('GET', 'audit/verify'))
        if (verified.ok !== true) process.exitCode = 1
        return printJson(verified)
      }
      if (verb !== undefined) unknownVerb('audit', verb, 'verify')
      const query = new URLSearchParams({ ...(tenant !== undefined && { tenant }), ...(action !== undefined && { action }) })
      printItems(await ask('GET', `audit?${query}`), json, ({ at, actor, action, target }) => [timeOf(at), actor, action, target])
    }),
})
