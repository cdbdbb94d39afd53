import { startRelay } from '../../../src/relay/relay.js'
import { prices, type RelayGiven } from './terms.js'

const { vendor, port = 0, ...options }: RelayGiven = JSON.parse(process.argv[2] ?? '')
const providers = { openai: { baseURL: `http://127.0.0.1:${vendor}/v1`, apiKey: 'sk-test' } }
const relay = await startRelay(
  { ...options, port, leash: { providers, prices, retry: { attempts: 2 } } },
  { warn: (message) => process.env.LEASH_TEST_VERBOSE && console.error(`relay: ${message}`) },
)
const { call = '', admin = '' } = relay.firstKeys ?? {}
process.send?.({ url: relay.url, key: call, admin })
process.on('message', async () => {
  await relay.close()
  process.send?.('closed')
})
process.on('disconnect', () => process.exit())
