/** The command `leash`: its commands, and what becomes of a failure. */
import { readFileSync } from 'node:fs'
import { defineCommand, renderUsage, runMain } from 'citty'
import { asObject, asString, parseJson } from '../core/json.js'
import { checkArguments } from './arguments.js'
import { audit } from './audit.js'
import { backup } from './backup.js'
import { chat } from './chat.js'
import { config } from './config.js'
import { doctor } from './doctor.js'
import { dryRun } from './dry-run.js'
import { health } from './health.js'
import { keys } from './keys.js'
import { mock } from './mock.js'
import { models } from './models.js'
import { module } from './module.js'
import { fail, unpainted } from './output.js'
import { policy } from './policy.js'
import { prices } from './prices.js'
import { relay } from './relay.js'
import { replay } from './replay.js'
import { tenants } from './tenants.js'
import { usage } from './usage.js'
import { users } from './users.js'
import { vendorKeys } from './vendor-keys.js'

const subCommands = {
  chat,
  'dry-run': dryRun,
  models,
  prices,
  doctor,
  health,
  mock,
  module,
  relay,
  tenants,
  users,
  keys,
  'vendor-keys': vendorKeys,
  policy,
  usage,
  audit,
  replay,
  config,
  backup,
}

/** @param manifest where the package's own is */
export async function main(manifest: URL): Promise<void> {
  const { version } = asObject(parseJson(readFileSync(manifest, 'utf8')))
  const leash = defineCommand({
    meta: { name: 'leash', version: asString(version) ?? '', description: 'Language-model calls on a leash.' },
    subCommands,
  })
  // Who read along may be gone: `head` has its lines, a collector of logs starts anew. That is no reason for a relay to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const args = process.argv.slice(2)
  try {
    await checkArguments(args, subCommands)
    await runMain(leash, {
      showUsage: async (...of) => void process.stdout.write(`${unpainted(await renderUsage(...of))}\n\n`),
    })
  } catch (error) {
    fail(error, args.includes('--json'))
  }
}
