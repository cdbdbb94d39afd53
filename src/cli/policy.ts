import { readFileSync } from 'node:fs'
import { defineCommand } from 'citty'
import { LeashError } from '../core/errors.js'
import { ask, needed, printItems, segment, timeOf, unknownVerb } from './administration.js'
import { printJson, telling } from './output.js'

export const policy = defineCommand({
  meta: {
    name: 'policy',
    description: 'The policy of a tenant; "policy check|set FILE", "policy history", "policy rollback VERSION".',
  },
  args: {
    verb: { type: 'positional', description: 'check, set, history or rollback', required: false },
    what: { type: 'positional', description: 'A file of YAML or JSON, or a version', required: false },
    tenant: { type: 'string', description: 'Whose', default: 'default' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, what, tenant, json } }) =>
    telling(json, async () => {
      const path = `tenants/${segment(tenant)}/policy`
      switch (verb) {
        case undefined:
          return printJson(await ask('GET', path))
        case 'check':
          return printJson(await ask('PUT', `${path}?dry_run`, await read(needed(what, 'leash policy check FILE'))))
        case 'set':
          return printJson(await ask('PUT', path, await read(needed(what, 'leash policy set FILE'))))
        case 'rollback':
          return printJson(
            await ask('POST', `${path}/rollback`, { version: Number(needed(what, 'leash policy rollback VERSION')) }),
          )
        case 'history':
          return printItems(await ask('GET', `${path}/history`), json, ({ version, at, actor }) => [version, timeOf(at), actor])
        default:
          unknownVerb('policy', verb, 'check, set, history, rollback')
      }
    }),
})

/** JSON is YAML. */
async function read(file: string): Promise<unknown> {
  const { parse } = await import('yaml')
  try {
    return parse(readFileSync(file, 'utf8'), { maxAliasCount: 100 })
  } catch (cause) {
    throw new LeashError('invalid_config', `${file} cannot be read as YAML or JSON.`, { cause })
  }
}
