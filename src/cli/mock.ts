import { defineCommand } from 'citty'
import { LeashError, messageOf } from '../core/errors.js'
import { startMock } from '../testing/index.js'
import { printJson, table, telling } from './output.js'
import { portOf } from './whole-number.js'

export const mock = defineCommand({
  meta: { name: 'mock', description: 'Starts mock vendors that speak every protocol, for trying things out.' },
  args: {
    port: { type: 'string', description: 'Port to listen on', default: '4010' },
    json: { type: 'boolean', description: 'Print the address as JSON' },
  },
  run: ({ args }) =>
    telling(args.json, async () => {
      const { url, close } = await startMock({ port: portOf(args.port) }).catch(cannotListen)
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close())
      if (args.json) printJson({ url })
      else {
        const variables = {
          OPENAI_BASE_URL: `${url}/v1`,
          OPENAI_API_KEY: 'test',
          ANTHROPIC_BASE_URL: url,
          ANTHROPIC_API_KEY: 'test',
          GOOGLE_GEMINI_BASE_URL: url,
          GEMINI_API_KEY: 'test',
        }
        process.stdout.write(`Mock vendors listen at ${url}. Point programs at them with:\n\n`)
        process.stdout.write(`${table(Object.entries(variables).map(([name, value]) => [`export ${name}=${value}`]))}\n`)
      }
    }),
})

function cannotListen(cause: unknown): never {
  const message = `The mock vendors cannot listen: ${messageOf(cause)}. Choose another \`--port\`; 0 takes a free one.`
  throw new LeashError('invalid_config', message, { cause })
}
