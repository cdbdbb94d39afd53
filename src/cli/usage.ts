import { defineCommand } from 'citty'
import { asObject, asObjects, compact } from '../core/json.js'
import { askLong, printable } from './administration.js'
import { printJson, table, telling } from './output.js'

export const usage = defineCommand({
  meta: { name: 'usage', description: 'Shows what all clients of a relay used, and what it cost.' },
  args: {
    by: {
      type: 'string',
      description:
        'A list, with commas, to group by: tenant, key, user, model, provider, hour, day, month, or a tag, such as tag:team',
      default: 'tenant,model',
    },
    from: { type: 'string', description: 'The first date, such as 2026-11-01' },
    to: { type: 'string', description: 'The date to end before' },
    tenant: { type: 'string', description: 'Only this tenant' },
    csv: { type: 'boolean', description: 'Print CSV' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { by, from, to, tenant, csv, json } }) =>
    telling(json, async () => {
      const query = new URLSearchParams(compact({ by, from, to, tenant, format: csv ? 'csv' : undefined }))
      const answer = await askLong(`usage?${query}`)
      if (typeof answer === 'string') return void process.stdout.write(answer)
      const rows = asObjects(asObject(answer).rows)
      if (json) return printJson(rows)
      const cells = rows.map(({ of, calls, cost }) => [...Object.values(asObject(of)).map(printable), String(calls), `$${cost}`])
      process.stdout.write(`${table([[...by.split(','), 'calls', 'cost'], ...cells])}\n`)
    }),
})
