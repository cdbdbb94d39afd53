import { existsSync } from 'node:fs'
import { defineCommand } from 'citty'
import { LeashError } from '../core/errors.js'
import { asObject, asString } from '../core/json.js'
import type { ConfigChange } from '../relay/config/diff.js'
import { ask, unknownVerb } from './administration.js'
import { paint, printJson, telling } from './output.js'

/** Read where no other is named. */
export const usualConfig = 'leash.yaml'

/** For `--against`: the relay at LEASH_RELAY_URL. */
const running = 'running'

export const config = defineCommand({
  meta: {
    name: 'config',
    description: 'The configuration of a relay: "config validate|diff [FILE]", "config schema" for editors.',
  },
  args: {
    verb: { type: 'positional', description: 'validate, diff or schema', required: false },
    file: { type: 'positional', description: usualConfig, required: false },
    against: { type: 'string', description: 'Another file, or the relay that is running', default: running },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb = '', file = usualConfig, against, json } }) =>
    telling(json, async () => {
      switch (verb) {
        case 'validate':
          return validate(file, json)
        case 'diff':
          return diff(file, against, json)
        case 'schema':
          return printJson((await import('../relay/config/schema.js')).configSchema())
        default:
          unknownVerb('config', verb, 'validate, diff, schema')
      }
    }),
})

async function validate(file: string, json: boolean | undefined): Promise<void> {
  const [{ readConfig }, { checkParts }] = await Promise.all([
    import('../relay/config/file.js'),
    import('../relay/config/parts.js'),
  ])
  const { leash, policy } = readConfig(file)
  await Promise.all([checkParts(leash), checkParts(policy)])
  if (json) printJson({ ok: true, file })
  else process.stdout.write(`${file} is a configuration.\n`)
}

/** Exit code 1, as of other tools that compare, where there is a difference. */
async function diff(file: string, against: string, json: boolean | undefined): Promise<void> {
  const [{ readConfig }, { changesOf, withoutSecrets }] = await Promise.all([
    import('../relay/config/file.js'),
    import('../relay/config/diff.js'),
  ])
  if (against !== running && !existsSync(against))
    throw new LeashError('invalid_config', `There is no file ${against}: name one, or \`--against ${running}\`.`)
  const next = readConfig(file)
  const changes =
    against === running
      ? changesOf(asObject(await ask('GET', 'config')).config, withoutSecrets(next))
      : changesOf(readConfig(against), next)
  if (changes.length > 0) process.exitCode = 1
  if (json) printJson(changes)
  else process.stdout.write(changes.length === 0 ? 'Nothing would change.\n' : changes.map(told).join(''))
}

function told({ path, before, after }: ConfigChange): string {
  const shown = (value: unknown) => asString(value) ?? JSON.stringify(value)
  const lines = [
    ...(before === undefined ? [] : [paint('red', `- ${path}: ${shown(before)}`)]),
    ...(after === undefined ? [] : [paint('green', `+ ${path}: ${shown(after)}`)]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
