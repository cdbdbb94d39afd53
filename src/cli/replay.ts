import { defineCommand } from 'citty'
import { asObject } from '../core/json.js'
import { ask, needed, printable, segment, timeOf } from './administration.js'
import { printJson, table, telling } from './output.js'

export const replay = defineCommand({
  meta: {
    name: 'replay',
    description: "Shows what a relay's policy decides about a past call: by the policy at that time, and by today's.",
  },
  args: {
    call: { type: 'positional', description: 'Id of the call, from its x-leash-id header', required: false },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { call, json } }) =>
    telling(json, async () => {
      const found = asObject(await ask('GET', `audit/replay/${segment(needed(call, 'leash replay CALL'))}`))
      if (found.same === false) process.exitCode = 1
      if (json) return printJson(found)
      const { tenant, key, model, at, policy, keyPolicy } = found
      const of = keyPolicy === undefined ? String(policy) : `${policy}, and ${keyPolicy} of the key`
      process.stdout.write(
        `${table([
          ['call', `${found.call}, ${timeOf(at)}`],
          ['by', printable(`tenant ${tenant}, key ${key}`)],
          ['model', printable(model)],
          ['policy', `version ${of}`],
          ['recorded', said(found.recorded)],
          ['replayed', said(found.replayed)],
          ['today', said(found.today)],
          ['same', found.same === null ? 'cannot be told' : found.same ? 'yes' : 'no'],
        ])}\n`,
      )
    }),
})

function said(verdict: unknown): string {
  const { verdict: what, code, why } = asObject(verdict)
  return printable([what, code ?? why].filter((part) => part !== undefined).join(': '))
}
