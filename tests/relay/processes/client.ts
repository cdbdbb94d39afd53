/** A program under a relay: half of its calls it makes itself, and half through the relay's data plane. */
import { setTimeout as wait } from 'node:timers/promises'
import { createLeash } from '../../../src/leash.js'
import { type ClientGiven, type ClientTold, prices } from './terms.js'

const usual = ['answer', 'answer', 'answer', 'answer', 'answer', 'answer', 'refuse', 'break', 'stall', 'answer']
const given: ClientGiven = JSON.parse(process.argv[2] ?? '')
const { vendor, relay, calls, seed, everyMs = 0, ways = ['in process', 'by relay'], plans = usual } = given
const leash = createLeash({
  relay,
  prices,
  retry: { attempts: 2 },
  providers: { openai: { baseURL: `http://127.0.0.1:${vendor}/v1`, apiKey: 'sk-test' } },
})

async function call(at: number): Promise<string> {
  await wait(at * everyMs)
  const plan = plans[(at * 7 + seed) % plans.length]
  const stream = plan === 'stall' || at % 3 === 0
  const left = new AbortController()
  const inProcess = ways[at % ways.length] === 'in process'
  const body = { model: 'gpt-4o-mini', max_tokens: 20, stream, messages: [{ role: 'user', content: `${plan} ${at}` }] }
  const request = new Request(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${relay.key}` },
    body: JSON.stringify(body),
    signal: left.signal,
  })
  try {
    const response = await (inProcess ? leash.handle(request) : fetch(request))
    // Not before the vendor has begun, which counts it: on a busy machine that takes its time.
    if (plan === 'stall' && response.ok) void wait((at % 10) * 20).then(() => left.abort())
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
  else if (what === 'first') told[await call(0)] = 1
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
