import { defineCommand } from 'citty'
import { asObject, compact } from '../core/json.js'
import { ask, askLong, bytesOf, download, printItems, timeOf, unknownVerb } from './administration.js'
import { printJson, telling } from './output.js'

export const audit = defineCommand({
  meta: { name: 'audit', description: 'Shows who changed what in a relay; "audit verify" checks that the log was not altered.' },
  args: {
    verb: { type: 'positional', description: 'verify', required: false },
    tenant: { type: 'string', description: 'Only changes of this tenant' },
    action: { type: 'string', description: 'Only this action, such as policy.set' },
    from: { type: 'string', description: 'The first date, such as 2026-11-01' },
    to: { type: 'string', description: 'The date to end before' },
    export: { type: 'string', description: 'Print all that match, as ndjson or csv' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, tenant, action, from, to, export: format, json } }) =>
    telling(json, async () => {
      if (verb === 'verify') {
        const verified = asObject(await askLong('audit/verify'))
        if (verified.ok !== true) process.exitCode = 1
        return printJson(verified)
      }
      if (verb !== undefined) unknownVerb('audit', verb, 'verify')
      const query = new URLSearchParams(compact({ tenant, action, from, to, format }))
      if (format !== undefined) {
        for await (const part of bytesOf(await download(`audit?${query}`))) process.stdout.write(part)
        return
      }
      const found = asObject(await ask('GET', `audit?${query}`))
      printItems(found, json, ({ at, actor, action, target }) => [timeOf(at), actor, action, target])
      if (found.next !== undefined) process.stderr.write('These are the newest. All of them: --export ndjson, or csv.\n')
    }),
})
