/** A program under a relay: half of its calls it makes itself, and half through the relay's data plane. */
import { setTimeout as wait } from 'node:timers/promises'
import { createLeash } from '../../../src/leash.js'
import { type ClientGiven, type ClientTold, prices } from './terms.js'

const { vendor, relay, calls, seed }: ClientGiven = JSON.parse(process.argv[2] ?? '')
const leash = createLeash({
  relay,
  prices,
  retry: { attempts: 2 },
  providers: { openai: { baseURL: `http://127.0.0.1:${vendor}/v1`, apiKey: 'sk-test' } },
})

const plans = ['answer', 'answer', 'answer', 'answer', 'answer', 'answer', 'refuse', 'break', 'stall', 'answer']

async function call(at: number): Promise<string> {
  const plan = plans[(at * 7 + seed) % plans.length]
  const stream = plan === 'stall' || at % 3 === 0
  const left = new AbortController()
  if (plan === 'stall') void wait(100 + (at % 10) * 20).then(() => left.abort())
  const inProcess = at % 2 === 0
  const send = inProcess ? leash.fetch : fetch
  const body = { model: 'gpt-4o-mini', max_tokens: 20, stream, messages: [{ role: 'user', content: `${plan} ${at}` }] }
  try {
    const response = await send(`${inProcess ? 'https://api.openai.com' : relay.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${inProcess ? 'sk-test' : relay.key}` },
      body: JSON.stringify(body),
      signal: left.signal,
    })
    const text = await response.text()
    return response.ok ? 'ok' : String(JSON.parse(text).error?.code ?? response.status)
  } catch (error) {
    if (left.signal.aborted) return 'left'
    return error instanceof Error && 'code' in error ? String(error.code) : 'network'
  }
}

process.send?.('ready')
process.on('message', async (what) => {
  const told: ClientTold = {}
  if (what === 'close') await leash.close()
  else
    await Promise.all(
      Array.from({ length: calls }, async (_, at) => {
        const came = await call(at)
        told[came] = (told[came] ?? 0) + 1
      }),
    )
  process.send?.(told)
})
process.on('disconnect', () => process.exit())
