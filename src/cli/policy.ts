import { defineCommand } from 'citty'
import { LeashError } from '../core/errors.js'
import { compact } from '../core/json.js'
import { ask, askAll, needed, printItems, segment, timeOf, unknownVerb } from './administration.js'
import { printJson, telling } from './output.js'

export const policy = defineCommand({
  meta: {
    name: 'policy',
    description:
      'The policy of a tenant, or of a key; "policy check|set FILE", "policy history|diff", "policy rollback VERSION".',
  },
  args: {
    verb: { type: 'positional', description: 'check, set, history, diff or rollback', required: false },
    what: { type: 'positional', description: 'A file of YAML or JSON, or a version', required: false },
    tenant: { type: 'string', description: 'Slug of the tenant', default: 'default' },
    key: { type: 'string', description: 'Id of a virtual key, for the policy of that key' },
    from: { type: 'string', description: 'The version to compare with; by default the one before' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, what, tenant, key, from, json } }) =>
    telling(json, async () => {
      const of = key === undefined ? `tenants/${segment(tenant)}` : `keys/${segment(key)}`
      const path = `${of}/policy`
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
          return printItems(await askAll(`${path}/history`), json, ({ version, at, actor }) => [version, timeOf(at), actor])
        case 'diff': {
          const asked = new URLSearchParams(compact({ from, to: what }))
          return printJson(await ask('GET', `${of}/policies/diff?${asked}`))
        }
        default:
          unknownVerb('policy', verb, 'check, set, history, diff, rollback')
      }
    }),
})

/** One that was being written when it was read is not to take every limit away. */
async function read(file: string): Promise<unknown> {
  const { readYaml } = await import('../relay/config/yaml.js')
  const policy = readYaml(file)
  if (policy !== null) return policy
  throw new LeashError('invalid_config', `There is nothing in ${file}. A policy that limits nothing is written {}.`)
}
