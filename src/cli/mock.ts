import { defineCommand } from 'citty'
import { LeashError } from '../core/errors.js'
import { startMock } from '../testing/index.js'
import { fail, printJson, table } from './output.js'

export const mock = defineCommand({
  meta: { name: 'mock', description: 'Start mock vendors that speak every protocol, for trying things out.' },
  args: {
    port: { type: 'string', description: 'Where to listen', default: '4010' },
    json: { type: 'boolean', description: 'Print the address as JSON' },
  },
  async run({ args }) {
    try {
      const port = Number(args.port)
      if (!Number.isInteger(port) || port < 0 || port > 65535)
        throw new LeashError('invalid_config', `"${args.port}" is not a port: give a number from 0 to 65535.`)
      const { url, close } = await startMock({ port })
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
    } catch (error) {
      fail(error, args.json === true)
    }
  },
})
