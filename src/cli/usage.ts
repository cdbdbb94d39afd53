import { defineCommand } from 'citty'
import { asObject, asObjects, compact, type Members } from '../core/json.js'
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
    top: { type: 'string', description: 'Only so many rows, the most expensive, and the total of all' },
    csv: { type: 'boolean', description: 'Print CSV' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { by, from, to, tenant, top, csv, json } }) =>
    telling(json, async () => {
      const query = new URLSearchParams(compact({ by, from, to, tenant, top, format: csv ? 'csv' : undefined }))
      const answer = await askLong(`usage?${query}`)
      if (typeof answer === 'string') return void process.stdout.write(answer)
      const { rows, total } = asObject(answer)
      if (json) return printJson(total === undefined ? rows : answer)
      const groups = by.split(',')
      const lines = asObjects(rows).map((row) => lineOf(Object.values(asObject(row.of)).map(printable), row))
      if (total !== undefined) lines.push(lineOf(['total', ...groups.slice(1).fill('')], asObject(total)))
      process.stdout.write(`${table([[...groups, 'calls', 'cost'], ...lines])}\n`)
    }),
})

const lineOf = (names: readonly string[], { calls, cost }: Members) => [...names, String(calls), `$${cost}`]
