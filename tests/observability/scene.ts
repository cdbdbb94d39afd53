/** A leash of which there is something to tell under every name, and what happens to it in one round. */
import { createLeash, type Leash, type LeashOptions } from '../../src/leash.js'
import { block, defineModule } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import type { Mock } from '../helpers/mock.js'
import { asks, doors, send } from '../middleware/asks.js'

const [chat, translated] = asks
const [, handle] = doors

const guard = defineModule({
  name: 'no-codenames',
  version: '1.0.0',
  kind: 'policy',
  request: ({ texts }) => (texts.some(({ text }) => text.includes('Bluebird')) ? block('Leave it out.') : undefined),
})
const broken = defineModule({
  name: 'broken',
  version: '1.0.0',
  kind: 'inspector',
  request() {
    throw new TypeError('mine')
  },
})

export const openScene = (mock: Mock): Leash => createLeash(sceneOptions(mock))

export const sceneOptions = (mock: Mock): LeashOptions => ({
  providers: mockProviders(mock.url),
  metrics: true,
  retry: { attempts: 2, backoff: () => 1 },
  fallback: ['anthropic/claude-haiku-4-5'],
  circuitBreaker: { consecutive: 2 },
  resume: true,
  cache: true,
  coalesce: true,
  hedge: { delayMs: 500, maxShare: 1 },
  redact: true,
  modules: [guard, broken],
  budgets: [{ name: 'monthly', limit: { usd: 100 }, per: 'month', by: 'tenant', unpriced: 'warn' }],
  rateLimit: [{ limit: { requests: 1 }, per: 'day', algorithm: 'fixed-window', when: { tenants: 'busy' } }],
  slo: { '*': { availability: 0.99, latencyMs: 5000 } },
  health: { intervalMs: 60_000, providers: { openai: {} } },
})

/** Each round says something else, so that no cache knows it. */
export async function playRound(leash: Leash, mock: Mock, round: number): Promise<void> {
  const ask = async (text: string, { stream = false, tenant = 'acme', of = chat } = {}) => {
    const { path, body } = of?.request(`${text} (${round})`, stream) ?? { path: '', body: {} }
    const request = new Request(`http://leash.test${path}`, { method: 'POST', body: JSON.stringify(body) })
    const response = await leash.handle(request, { leash: { tenant } })
    await response.text()
  }
  await ask('streamed', { stream: true })
  await ask('again')
  await ask('again')
  await ask('mail ada@example.com')
  await ask('Bluebird')
  mock.script({ latencyMs: 200 })
  await Promise.all([ask('same'), ask('same')])
  mock.script({ status: 503 })
  await ask('retried')
  // However many attempts are made there: on a busy machine one more may come beside them.
  const there = { times: 9, when: ({ path }: { path: string }) => path === '/v1/chat/completions' }
  mock.script({ ...there, status: 429 })
  await ask('elsewhere')
  mock.reset()
  mock.script({ hang: 'headers' })
  await ask('late')
  mock.script({ ...there, cutAfter: { events: 4 } })
  await ask('one two three four five six seven', { stream: true })
  mock.reset()
  await ask('limited', { tenant: 'busy' })
  await ask('limited too', { tenant: 'busy' })
  mock.script({ status: 400 })
  await ask('wrong', { of: translated })
  await send(leash, handle, mock.url, {
    path: '/v1/chat/completions',
    body: { model: 'openai/gpt-nobody-knows', messages: [{ role: 'user', content: `unpriced (${round})` }] },
  })
  await leash.breaker('mistral', round % 2 === 0 ? 'open' : 'auto')
}
