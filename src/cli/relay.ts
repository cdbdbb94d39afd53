import { existsSync } from 'node:fs'
import { defineCommand } from 'citty'
import { LeashError } from '../core/errors.js'
import { fail, paint, printJson } from './output.js'

/** Read where no other is named. */
const usualConfig = 'leash.yaml'

export const relay = defineCommand({
  meta: { name: 'relay', description: 'Start the companion relay: policy, quotas and usage for all your clients.' },
  args: {
    config: { type: 'string', description: `The configuration; ${usualConfig} where there is one` },
    host: { type: 'string', description: 'Where to listen (127.0.0.1)' },
    port: { type: 'string', description: 'Where to listen (4000)' },
    folder: { type: 'string', description: "The relay's own files (.leash)" },
    json: { type: 'boolean', description: 'Print where it is as JSON' },
  },
  async run({ args }) {
    try {
      const { readConfig, startRelay } = await import('../relay/relay.js')
      const file = args.config ?? (existsSync(usualConfig) ? usualConfig : undefined)
      const options = file === undefined ? {} : readConfig(file)
      const { host, folder } = args
      const started = await startRelay({
        ...options,
        ...(host !== undefined && { host }),
        ...(folder !== undefined && { folder }),
        ...(args.port !== undefined && { port: portOf(args.port) }),
      })
      const { url, publicKey, firstKeys } = started
      if (args.json) printJson({ url, publicKey, ...firstKeys })
      else process.stdout.write(greeting(url, firstKeys))
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void started.close())
    } catch (error) {
      fail(error, args.json === true)
    }
  },
})

function portOf(given: string): number {
  const port = Number(given)
  if (given.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65535) return port
  throw new LeashError('invalid_config', `"${given}" is not a port: give a number from 0 to 65535.`)
}

function greeting(url: string, keys: { readonly admin: string; readonly call: string } | undefined): string {
  const there = `The relay is at ${paint('bold', url)}\n`
  if (!keys) return there
  return `${there}
This is its first start. Keep these keys: they are not shown again.

  administration  ${keys.admin}
  calls           ${keys.call}

Put your clients under it by their environment:

  export LEASH_RELAY_URL=${url}
  export LEASH_RELAY_KEY=${keys.call}
`
}
