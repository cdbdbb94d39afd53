import { defineCommand } from 'citty'
import { knownModels } from '../catalog/models.js'
import { readiness } from '../leash.js'
import { paint, printJson, table } from './output.js'

export const models = defineCommand({
  meta: {
    name: 'models',
    description: 'Well-known models. Any other name works too: these are only those that we can tell you of.',
  },
  args: {
    provider: { type: 'string', description: 'Only those of this provider' },
    json: { type: 'boolean', description: 'Print the list as JSON' },
  },
  run({ args }) {
    const ready = new Set(readiness().flatMap(({ provider, configured }) => (configured ? [provider] : [])))
    const list = knownModels
      .filter(({ provider }) => args.provider === undefined || provider === args.provider)
      .map((model) => ({ ...model, ready: ready.has(model.provider) }))
    if (args.json) return printJson(list)
    const rows = list.map(({ name, provider, kind, contextWindow, ready }) => [
      ready ? paint('green', 'ready') : paint('dim', '     '),
      `${provider}/${name}`,
      kind,
      contextWindow === undefined ? '' : `${contextWindow.toLocaleString('en')} tokens`,
    ])
    process.stdout.write(`${table(rows)}\n`)
  },
})
