import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BudgetEvent } from '../../../src/core/budget.js'
import { isLeashError } from '../../../src/core/errors.js'
import { createLeash } from '../../../src/leash.js'
import { Webhook } from '../../../src/middleware/budget/webhook.js'
import { listen } from '../../helpers/listen.js'
import { until } from '../../helpers/mock.js'
import { budgeting } from './rig.js'

const secret = 'a secret of many letters'
const event: BudgetEvent = {
  kind: 'threshold',
  threshold: 80,
  budget: 'b',
  of: {},
  unit: 'usd',
  limit: 1,
  spent: 0.8,
  reserved: 0,
}

interface Got {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const servers: AsyncDisposable[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
})

/** Answers with these statuses in turn, and then with 200. */
async function receiver(...statuses: number[]): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    got.push({ headers: request.headers, body })
    response.writeHead(statuses.shift() ?? 200, { location: 'http://127.0.0.1:1/' }).end()
  })
  const listening = await listen(server)
  servers.push(listening)
  return { url: `${listening.url}/hook`, got }
}

const day = 86_400_000

function hook(url: string, options: object = {}, delayMs = 1) {
  const warnings: string[] = []
  const webhook = new Webhook(
    { url, secret, ...options },
    { warn: (message) => void warnings.push(message), now: Date.now, delayMs },
  )
  return { webhook, warnings }
}

test('what is sent is signed together with its time', async () => {
  const { url, got } = await receiver()
  const { webhook } = hook(url)
  webhook.send(event)
  await webhook.close()
  const [{ headers, body } = { headers: {}, body: '' }] = got
  expect(JSON.parse(body)).toMatchObject({ type: 'budget', event, id: expect.any(String) })
  const signed = createHmac('sha256', secret).update(`${headers['x-leash-timestamp']}.${body}`).digest('hex')
  expect(headers['x-leash-signature']).toBe(`sha256=${signed}`)
  expect(Math.abs(Number(headers['x-leash-timestamp']) * 1000 - Date.now())).toBeLessThan(60_000)
})

test('a receiver that fails is tried again with the same event, and not for ever', async () => {
  const { url, got } = await receiver(500, 503)
  const { webhook, warnings } = hook(url, { attempts: 3 })
  webhook.send(event)
  await until(() => got.length === 3)
  await webhook.close()
  expect(new Set(got.map(({ body }) => JSON.parse(body).id)).size).toBe(1)
  expect(warnings).toEqual([])

  const dead = await receiver(500, 500, 500, 500)
  const other = hook(dead.url, { attempts: 2 })
  other.webhook.send(event)
  await until(() => other.warnings.length > 0)
  await other.webhook.close()
  expect(dead.got).toHaveLength(2)
  expect(other.warnings[0]).toContain('it answered 500')
})

test('each try waits longer than the one before, and nothing waits after the last', async () => {
  const real = setTimeout
  const pauses: { readonly ms: number; readonly end: () => void }[] = []
  vi.stubGlobal('setTimeout', (end: () => void, ms: number) => (ms >= day ? pauses.push({ ms, end }) : real(end, ms)))
  onTestFinished(() => void vi.unstubAllGlobals())
  const { url, got } = await receiver(500, 500, 500)
  const { webhook, warnings } = hook(url, { attempts: 3 }, day)
  webhook.send(event)
  await until(() => pauses.length === 1)
  expect(got).toHaveLength(1)
  pauses[0]?.end()
  await until(() => pauses.length === 2)
  expect(got).toHaveLength(2)
  pauses[1]?.end()
  await until(() => warnings.length > 0)
  expect(got).toHaveLength(3)
  expect(pauses.map(({ ms }) => ms)).toEqual([day, 4 * day])
  await webhook.close()
})

test('an event that comes after the end is not sent, and the user hears of it', async () => {
  const { url, got } = await receiver()
  const { webhook, warnings } = hook(url)
  await webhook.close()
  webhook.send(event)
  expect(warnings).toEqual([expect.stringContaining('the leash is closed')])
  expect(got).toEqual([])
})

test('a receiver that takes an event and does not answer is not waited for', async () => {
  const listening = await listen(createServer((request) => void request.resume()))
  servers.push(listening)
  const { webhook, warnings } = hook(listening.url, { attempts: 2, timeoutMs: 20 })
  webhook.send(event)
  await until(() => warnings.length === 1)
  expect(warnings).toEqual([expect.stringContaining('TimeoutError')])
  await webhook.close()
})

test('an event that comes when all others have been taken is sent too', async () => {
  const { url, got } = await receiver()
  const { webhook } = hook(url)
  for (const sent of [1, 2]) {
    webhook.send(event)
    await until(() => got.length === sent)
    // Until the answer has come, and nothing is under way.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await webhook.close()
})

test('what waits for a pause is tried once more at the end, and no oftener', async () => {
  const { url, got } = await receiver(500, 500, 500, 500)
  const { webhook, warnings } = hook(url, {}, day)
  webhook.send(event)
  await until(() => got.length === 1)
  await webhook.close()
  expect(got).toHaveLength(2)
  expect(warnings).toEqual([expect.stringContaining('it answered 500')])
})

test('no more than a thousand events wait, and the user hears of one that is not sent', async () => {
  const { url, got } = await receiver()
  const { webhook, warnings } = hook(url)
  for (let sent = 0; sent < 1002; sent++) webhook.send(event)
  expect(warnings).toEqual([expect.stringContaining('too many wait')])
  await webhook.close()
  expect(got).toHaveLength(1001)
})

test('a redirect is not followed', async () => {
  const { url, got } = await receiver(302)
  const { webhook, warnings } = hook(url, { attempts: 1 })
  webhook.send(event)
  await until(() => warnings.length > 0)
  expect(got).toHaveLength(1)
  expect(warnings[0]).toContain('302')
  await webhook.close()
})

test('events wait for each other, and closing waits for none of their pauses', async () => {
  const { url, got } = await receiver(500)
  const { webhook } = hook(url)
  for (let count = 0; count < 3; count++) webhook.send({ ...event, spent: count })
  await webhook.close()
  expect(got.map(({ body }) => JSON.parse(body).event.spent).filter((spent, at, all) => all.indexOf(spent) === at)).toEqual([
    0, 1, 2,
  ])
})

describe('an address', () => {
  const made = (url: string) => () => new Webhook({ url, secret }, { warn: () => {}, now: Date.now })

  test.each(['https://example.com/hook', 'http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:9'])('may be %s', (url) => {
    expect(made(url)).not.toThrow()
  })

  test.each([
    'http://example.com/',
    'http://169.254.169.254/latest',
    'http://localhost.example.com/',
    'https://user:secret@example.com/',
    'file:///etc/passwd',
    'nonsense',
  ])('may not be %s', (url) => {
    expect(made(url)).toThrow('budgetWebhook.url')
  })

  test('that is none fails when the leash is made, as does a short secret', () => {
    for (const budgetWebhook of [
      { url: 'ftp://x', secret },
      { url: 'https://x', secret: 'short' },
    ]) {
      try {
        createLeash({ budgetWebhook })
        throw new Error('It was made.')
      } catch (error) {
        expect(isLeashError(error) && error.code).toBe('invalid_config')
        expect(String(error)).not.toContain(secret)
      }
    }
  })
})

test('every event of a budget is sent', async () => {
  const { url, got } = await receiver()
  const { ask, keeper } = budgeting([{ limit: { tokens: 200 }, per: 'day' }], {
    webhook: { url, secret },
    vendor: () => ({ input: 110 }),
  })
  await ask({ body: { max_tokens: 16 } })
  await keeper.close()
  expect(got.map(({ body }) => JSON.parse(body).event)).toMatchObject([
    { kind: 'threshold', threshold: 50, budget: 'tenant per day', spent: 110 },
  ])
})
