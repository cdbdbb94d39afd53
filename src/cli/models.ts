import { defineCommand } from 'citty'
import { knownModels } from '../catalog/models.js'
import { LeashError } from '../core/errors.js'
import { readiness } from '../readiness.js'
import { paint, printJson, table, telling } from './output.js'

export const models = defineCommand({
  meta: {
    name: 'models',
    description: 'Lists well-known models. Names that are not listed work too.',
  },
  args: {
    provider: { type: 'string', description: 'Only models of this provider' },
    json: { type: 'boolean', description: 'Print the list as JSON' },
  },
  run: ({ args: { provider: wanted, json } }) =>
    telling(json, async () => {
      const ready = new Map(readiness().map(({ provider, configured }) => [provider, configured]))
      if (wanted !== undefined && !ready.has(wanted)) throw new LeashError('invalid_config', `"${wanted}" names no provider.`)
      const list = knownModels
        .filter(({ provider }) => wanted === undefined || provider === wanted)
        .map((model) => ({ ...model, ready: ready.get(model.provider) === true }))
      if (json) return printJson(list)
      const rows = list.map(({ name, provider, kind, contextWindow, ready }) => [
        ready ? paint('green', 'ready') : paint('dim', '     '),
        `${provider}/${name}`,
        kind,
        contextWindow === undefined ? '' : `${contextWindow.toLocaleString('en')} tokens`,
      ])
      if (rows.length > 0) process.stdout.write(`${table(rows)}\n`)
      else process.stderr.write(`We know none by name, and any name works: ${wanted}/NAME.\n`)
    }),
})
