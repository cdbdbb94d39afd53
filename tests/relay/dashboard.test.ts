/** The dashboard, driven in a real browser before a real relay. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { BrowserContextOptions, Page, Route } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { buildDashboard } from '../../scripts/dashboard.js'
import { noUsage } from '../../src/core/usage.js'
import { hasChromium, inBrowser, useChromium } from '../helpers/chromium.js'
import { useMock } from '../helpers/mock.js'
import { onFreePort } from '../helpers/programs.js'
import { root } from '../helpers/source.js'
import { openRelay, type TestRelay, temporaryFolder } from './helpers.js'
import { openProvider } from './people/identity-provider.js'
import { openReceiver, type Received } from './receiver.js'

const mock = useMock()
const built = '.cache/dashboard'

const costing = (cost: number) => ({
  ...{ id: `line ${cost}`, callId: 'call', attempt: 1, at: Date.now(), durationMs: 1, provider: 'openai' },
  ...{ model: `m${cost}`, protocol: 'openai-chat', outcome: 'ok', basis: 'complete', cost, usage: noUsage },
})

beforeAll(() => buildDashboard(built, root))

describe('the page', () => {
  test('is built beside the one that is being read', async () => {
    const folder = temporaryFolder()
    const page = join(folder, 'dashboard', 'index.html')
    mkdirSync(dirname(page))
    writeFileSync(page, 'an old page')
    const reading = await open(page)
    onTestFinished(() => reading.close())
    await buildDashboard(dirname(page), root)
    expect(await reading.readFile('utf8')).toBe('an old page')
    expect(readFileSync(page, 'utf8')).toContain('<!doctype html>')
    expect(readdirSync(folder)).toEqual(['dashboard'])
  })

  test('has at most 65 kB of script and style, gzipped', () => {
    const sizes = ['dashboard.js', 'dashboard.css'].map((name) => gzipSync(readFileSync(join(root, built, name))).length)
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(65_000)
  })

  test('is served with a policy that lets in nothing from elsewhere, and nothing inline', async () => {
    const { url } = await openRelay(mock.url)
    for (const path of ['/', '/dashboard.js', '/dashboard.css']) {
      const response = await fetch(`${url}${path}`)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describe.skipIf(!hasChromium)('in a browser', inBrowser, () => {
  const open = useChromium()

  async function signedIn(relay: TestRelay, place = '', options: BrowserContextOptions = {}) {
    const watched = await open(`${relay.url}/${place}`, options)
    await watched.page.getByLabel('Key', { exact: true }).fill(relay.admin)
    await watched.page.getByRole('button', { name: 'Sign in' }).click()
    await watched.page.locator('.house').waitFor()
    return watched
  }
  const goTo = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click()
  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click()

  test('an administrator signs in and out, and nobody else', async () => {
    const relay = await openRelay(mock.url)
    const { page, problems } = await open(relay.url)
    const field = page.getByLabel('Key', { exact: true })
    for (const [key, told] of [
      ['lk_nobody', 'unknown, expired or revoked'],
      [relay.call, 'lacks the scope'],
      ['schlüssel', 'That is no key'],
    ] as const) {
      await field.fill(key)
      await press(page, 'Sign in')
      await page.getByRole('alert').filter({ hasText: told }).waitFor()
    }
    await field.fill(relay.admin)
    await press(page, 'Sign in')
    await page.getByText('No call in the last 30 days').waitFor()
    await page.reload()
    await page.getByText('No call in the last 30 days').waitFor()
    expect(await page.context().cookies()).toEqual([])
    await press(page, 'Sign out')
    await field.waitFor()
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([])
    // As an identity provider gives one, which is taken as it is.
    await field.fill((await relay.ask('POST', '/api/auth/token')).body.access_token)
    await press(page, 'Sign in')
    await page.getByText('No call in the last 30 days').waitFor()
    expect(problems).toEqual([])
  })

  test('somebody signs in at the identity provider, comes back to where he was, and leaves no trace of the way', async () => {
    const provider = await openProvider()
    provider.settings.claims = { groups: ['leads'] }
    const grants = { leads: { tenant: 'default', role: 'admin' } } as const
    const { url } = await onFreePort((port) => {
      const signIn = { url: `http://127.0.0.1:${port}`, name: 'Example' }
      return openRelay(mock.url, { port, oidc: { issuer: provider.issuer, audience: 'leash', grants, signIn } })
    })
    const { page, problems } = await open(`${url}/#/keys`)
    const goThere = page.getByRole('button', { name: 'Sign in with Example' })
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    const [begun = '', token] = ['start', 'token'].map((name) => `${url}/api/auth/provider/${name}`)
    const held: Route[] = []
    await page.route(begun, (route) => void held.push(route), { times: 1 })
    await goThere.click()
    await vi.waitFor(async () => expect([await goThere.isDisabled(), held.length]).toEqual([true, 1]), 10_000)
    await page.evaluate(() => dispatchEvent(new Event('pagehide')))
    await vi.waitFor(async () => expect(await goThere.isEnabled()).toBe(true), 10_000)
    await held[0]?.abort()
    await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor()
    provider.settings.error = 'access_denied'
    await goThere.click()
    await page.getByRole('alert').filter({ hasText: 'you have declined' }).waitFor()
    expect(page.url()).toBe(`${url}/#/keys`)
    provider.settings.error = undefined
    await goThere.click()
    await page.locator('.house').waitFor()
    expect(page.url()).toBe(`${url}/#/keys`)
    expect(asked).toEqual(expect.arrayContaining([begun, token]))
    const session = await page.evaluate(() => sessionStorage.getItem('leash-token') ?? '')
    expect(asked.filter((one) => one.includes(session))).toEqual([])
    expect(await page.context().cookies()).toEqual([])
    expect(await page.evaluate(() => [localStorage.length, Object.keys(sessionStorage)])).toEqual([0, ['leash-token']])
    await page.goBack()
    expect(page.url()).not.toMatch(/code=|signed-in/)
    // By an address that somebody has made up, nobody becomes anybody else.
    await page.goto(`${url}/signed-in?code=made-up&state=made-up#/audit`)
    await page.locator('.house').waitFor()
    expect(page.url()).toBe(`${url}/`)
    await press(page, 'Sign out')
    await goThere.waitFor()
    expect(asked.filter((one) => one === token)).toHaveLength(2)
    await page.goto(`${url}/signed-in?code=made-up&state=made-up`)
    await page.getByRole('alert').filter({ hasText: 'not begun in this browser' }).waitFor()
    expect(problems.filter((problem) => !problem.startsWith(`asked ${provider.issuer}/authorize`))).toEqual([])
  })

  test('a tenant is made, and suspended, and a key of it made, shown once, rotated and revoked', async () => {
    const relay = await openRelay(mock.url)
    const { page, problems } = await signedIn(relay, '#/tenants')
    await press(page, 'New tenant')
    await page.getByRole('textbox', { name: /^Slug/ }).fill('Team Red')
    await press(page, 'Create tenant')
    await page.getByRole('alert').filter({ hasText: 'lower-case letters' }).waitFor()
    await page.getByRole('textbox', { name: /^Slug/ }).fill('team-red')
    await page.getByRole('textbox', { name: /^Name/ }).fill('Team Red')
    await press(page, 'Create tenant')
    await page.getByRole('link', { name: 'Keys of Team Red' }).click()

    await page.getByText('team-red has no key yet').waitFor()
    await page.getByRole('button', { name: 'New key' }).first().click()
    await page.getByLabel('Name').fill('checkout')
    await press(page, 'Create key')
    const shown = page.getByRole('status').filter({ hasText: 'lk_' })
    const key = (await shown.textContent()) ?? ''
    expect((await relay.ask('GET', '/v1/usage', undefined, key)).status).toBe(200)
    await press(page, 'Done')
    expect(await page.content()).not.toContain(key)

    await press(page, 'Rotate checkout')
    await press(page, 'Rotate key')
    const other = (await shown.textContent()) ?? ''
    expect(other).not.toBe(key)
    await press(page, 'Done')
    await page.getByRole('row').filter({ hasText: 'rotating' }).getByRole('button', { name: 'Revoke checkout' }).click()
    await press(page, 'Revoke key')
    await page.getByRole('row').filter({ hasText: 'revoked' }).waitFor()
    expect((await relay.ask('GET', '/v1/usage', undefined, key)).status).toBe(401)
    expect((await relay.ask('GET', '/v1/usage', undefined, other)).status).toBe(200)

    await goTo(page, 'Tenants')
    await press(page, 'Suspend Default')
    await page.getByText('you would lock yourself out').waitFor()
    expect(await page.getByRole('button', { name: 'Suspend tenant' }).isDisabled()).toBe(true)
    await press(page, 'Cancel')
    await press(page, 'Suspend Team Red')
    await press(page, 'Suspend tenant')
    await page.getByRole('button', { name: 'Activate Team Red' }).waitFor()
    expect((await relay.ask('GET', '/v1/usage', undefined, other)).status).toBe(401)
    expect(problems).toEqual([])
  })

  test('a policy is told what is wrong in it, compared, put in force and rolled back', async () => {
    const relay = await openRelay(mock.url)
    const inForce = async () => (await relay.ask('GET', '/v1/admin/tenants/default/policy')).body
    const { page, problems } = await signedIn(relay, '#/policies')
    const editor = page.getByLabel('Policy as JSON')
    const set = page.getByRole('button', { name: 'Put in force' })
    await editor.fill('{\n  "budget": [],\n}')
    await page.getByText('This is no JSON').waitFor()
    await editor.fill('{ "budget": [] }')
    await goTo(page, 'Keys')
    await page.getByRole('row').nth(1).waitFor()
    await goTo(page, 'Policies')
    await page.getByText('A policy has no `budget`').waitFor()
    expect(await set.isDisabled()).toBe(true)
    expect(await inForce()).toMatchObject({ version: 0 })

    await editor.fill('{}')
    await page.getByLabel('Add an example').selectOption('A budget per day')
    await page.getByText('The relay would take this.').waitFor()
    expect(await page.locator('.diff .added').allTextContents()).toContain('+         "usd": 25')
    await set.click()
    await page.getByText('Version 1 is in force.').waitFor()
    expect(await inForce()).toMatchObject({ version: 1, policy: { budgets: [{ limit: { usd: 25 }, per: 'day' }] } })

    await editor.fill('{ "maxAttempts": 2 }')
    await page.getByText('The relay would take this.').waitFor()
    await set.click()
    await press(page, 'Roll back to version 1')
    await press(page, /^Roll back$/)
    await page.getByText('in force again, as version 3').waitFor()
    expect(await inForce()).toMatchObject({ version: 3, policy: { budgets: [{}] } })
    expect(problems).toEqual([])
  })

  test('two models answer side by side, and what they took is told there, in the calls and in the overview', async () => {
    const relay = await openRelay(mock.url)
    const { page, problems } = await signedIn(relay, '#/playground')
    await press(page, 'Compare two')
    await page.getByLabel('Model 2').fill('claude-haiku-4-5')
    await page.getByLabel('Message').fill('Good morning')
    await press(page, 'Send')
    for (const target of ['openai/gpt-4o-mini', 'anthropic/claude-haiku-4-5']) {
      const side = page.locator('.talks > .card').filter({ hasText: target })
      await side.getByText('Echo: Good morning').or(side.getByText('Good morning').nth(1)).waitFor()
      expect(
        await side
          .locator('dd')
          .filter({ hasText: /^\$0\.0+[1-9]/ })
          .count(),
      ).toBeLessThanOrEqual(1)
      await side
        .locator('dd')
        .filter({ hasText: /^\$0\.0+[1-9]/ })
        .waitFor()
    }
    expect(mock.requests).toHaveLength(2)

    await goTo(page, 'Calls')
    await page.getByRole('row').filter({ hasText: 'claude-haiku-4-5' }).getByText('ok').waitFor()
    await goTo(page, 'Overview')
    await page.getByRole('button', { name: /^Requests\s*2/ }).click()
    await page.getByRole('heading', { name: 'Requests per day' }).waitFor()
    expect(await page.locator('.uplot canvas').count()).toBe(1)
    expect(await page.locator('.kpi').first().textContent()).toMatch(/^Spend\$0\.0+[1-9]/)
    const providers = page.locator('.card').filter({ has: page.getByRole('heading', { name: 'Providers' }) })
    expect(await providers.getByRole('rowheader').allTextContents()).toEqual(['anthropic', 'openai'])
    const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Download CSV')])
    expect(file.suggestedFilename()).toMatch(/^usage-.*\.csv$/)
    expect(readFileSync(await file.path(), 'utf8')).toContain('claude-haiku-4-5')
    expect(problems).toEqual([])
  })

  test('what one tenant has used is shown by its keys', async () => {
    const relay = await openRelay(mock.url)
    const ask = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'red', name: 'Team Red' })
    const { body: made } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'red', name: 'checkout' })
    await relay.ask('POST', '/v1/chat/completions', ask, made.key)
    await relay.ask('POST', '/v1/chat/completions', ask, relay.call)
    const { page, problems } = await signedIn(relay)
    const requests = (count: number) => page.getByRole('button', { name: new RegExp(`^Requests\\s*${count}`) })
    await requests(2).waitFor()
    await page.getByRole('link', { name: 'red', exact: true }).click()
    await requests(1).waitFor()
    await page.getByRole('row').filter({ hasText: 'checkout' }).waitFor()
    expect(await page.getByLabel('Tenant').inputValue()).toBe('red')
    expect(problems).toEqual([])
  })

  test('a moment is told in the zone of who reads it, and which that is', async () => {
    const relay = await openRelay(mock.url)
    const expiresAt = Date.UTC(2030, 11, 1)
    await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', name: 'until then', expiresAt })
    const { page } = await signedIn(relay, '#/keys', { timezoneId: 'America/St_Johns', locale: 'en-GB' })
    const end = page.getByRole('row').filter({ hasText: 'until then' }).locator('time')
    expect([await end.textContent(), await end.getAttribute('datetime'), await end.getAttribute('title')]).toEqual([
      '30 Nov 2030',
      new Date(expiresAt).toISOString(),
      '30 Nov 2030, 20:30:00 GMT-3:30',
    ])
    await goTo(page, 'Audit')
    await page.getByRole('row').filter({ hasText: 'key.create' }).filter({ hasText: ' GMT-3:30' }).waitFor()
  })

  test('what has no known price is not said to be free', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask(
      'POST',
      '/v1/chat/completions',
      { model: 'of-our-own', messages: [{ role: 'user', content: 'Hi' }] },
      relay.call,
    )
    const { page } = await signedIn(relay)
    await page.getByRole('row').filter({ hasText: 'of-our-own' }).filter({ hasText: 'no price' }).waitFor()
  })

  test('while the relay is away, what was read stays and the page says so, until it is back', async () => {
    const relay = await openRelay(mock.url)
    const { page } = await signedIn(relay, '#/calls')
    await page.getByText('No call yet').waitFor()
    await page.context().setOffline(true)
    await page.getByRole('alert').filter({ hasText: 'cannot be reached' }).waitFor()
    await page.getByText('No call yet').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('alert').waitFor({ state: 'detached' })
  })

  test('an answer that breaks off or is stopped keeps what has come', async () => {
    const relay = await openRelay(mock.url)
    mock.script({ errorInStream: { message: 'Out of breath', after: 3 } }, { hang: { afterEvents: 3 } })
    const { page, problems } = await signedIn(relay, '#/playground')
    const say = async (text: string) => {
      await page.getByLabel('Message').fill(text)
      await press(page, 'Send')
    }
    await say('One')
    await page.getByRole('alert').filter({ hasText: 'Out of breath' }).waitFor()
    await say('Two')
    const answer = page.locator('.turn.coming').filter({ hasText: /./ })
    await answer.waitFor()
    const came = await answer.textContent()
    await press(page, 'Stop')
    await page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await page.locator('.turn.assistant').last().textContent()).toBe(came)
    expect(await page.getByRole('alert').count()).toBe(0)
    expect(problems).toEqual([])
  })

  test('a call that is refused says why in its place', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('PUT', '/v1/admin/tenants/default/policy', { access: { models: { allow: ['claude-*'] } } })
    const { page, problems } = await signedIn(relay, '#/playground')
    await page.getByText('Key and settings').click()
    await page.getByLabel('Virtual key').fill(relay.call)
    await page.getByLabel('Message').fill('Good morning')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('gpt-4o-mini')
    expect(mock.requests).toEqual([])
    expect(problems).toEqual([])
  })

  test('the audit shows who did what, by what is asked for, and that the chain is whole', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'blue' })
    await relay.ask('POST', '/v1/admin/keys', { tenant: 'blue' })
    const { page, problems } = await signedIn(relay, '#/audit')
    await page.getByRole('row').filter({ hasText: 'tenant.create' }).waitFor()
    await page.getByLabel('Action').fill('key.create')
    await page.getByLabel('Action').press('Enter')
    await page.getByRole('row').filter({ hasText: 'tenant.create' }).waitFor({ state: 'detached' })
    await page.getByRole('row').filter({ hasText: 'key.create' }).waitFor()
    await press(page, 'Verify the chain')
    await page.getByText(/\d entries, unbroken/).waitFor()
    expect(problems).toEqual([])
  })

  test('a list that is too long for one page goes on where it ended, each of it once', async () => {
    const relay = await openRelay(mock.url)
    const slugs = Array.from({ length: 249 }, (_, at) => `t${at}`)
    for (const slug of slugs) await relay.ask('POST', '/v1/admin/tenants', { slug })
    const { page } = await signedIn(relay, '#/tenants')
    const rows = page.locator('tbody tr')
    for (const shown of [100, 200, 250]) {
      await expect.poll(() => rows.count()).toBe(shown)
      if (shown < 250) await page.getByRole('button', { name: 'Show more' }).dblclick()
    }
    const names = await page.locator('.under.code').allTextContents()
    expect(new Set(names)).toEqual(new Set(['default', ...slugs]))
  })

  test('a tenant is found that is none of the first thousand, and a key is made for it and no other', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'zebra', name: 'Zebra Ltd' })
    const { page } = await signedIn(relay)
    // As if the first page had no room for it.
    await page.route('**/v1/admin/tenants?limit=1000', async (route) => {
      const { items } = await (await route.fetch()).json()
      const first = items.filter(({ slug }: { slug: string }) => slug !== 'zebra')
      await route.fulfill({ json: { items: first, next: 'default' } })
    })
    await goTo(page, 'Tenants')
    await page.getByLabel('Search').fill('ZEBRA l')
    await page.getByLabel('Search').press('Enter')
    await expect.poll(() => page.locator('tbody .under.code').allTextContents()).toEqual(['zebra'])
    await page.getByLabel('Search').fill('none of them')
    await page.getByLabel('Search').press('Enter')
    await page.getByText('Nothing of that kind').waitFor()
    await page.getByLabel('Search').fill('zebra')
    await page.getByLabel('Search').press('Enter')
    await page.getByRole('link', { name: 'Keys of Zebra Ltd' }).click()
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    await page.getByRole('button', { name: 'New key' }).first().click()
    await press(page, 'Create key')
    await page.getByText('Copy your key now').waitFor()
    const { body } = await relay.ask('GET', '/v1/admin/keys?tenant=zebra')
    expect(body.items).toHaveLength(1)
  })

  test('who looks at further pages of a list is not taken back to the first, nor to those of another', async () => {
    const relay = await openRelay(mock.url)
    const { page } = await signedIn(relay)
    await page.clock.install()
    let asked = 0
    let next: Route | undefined
    const given = { endpoint: 'x', tenant: '', status: 'dead', attempts: 1, createdAt: 1, nextAt: 1, endedAt: 1, last: '' }
    const delivery = (id: string) => ({ ...given, id, type: id })
    await page.route('**/v1/admin/webhooks/deliveries*', (route) => {
      const { searchParams } = new URL(route.request().url())
      if (searchParams.has('after')) {
        next = route
        return
      }
      asked++
      const kind = searchParams.get('status') ?? 'any'
      return route.fulfill({ json: { items: [delivery(`first ${kind}`)], next: '1.a' } })
    })
    const second = async (name: string) => {
      await expect.poll(() => next).toBeDefined()
      await next?.fulfill({ json: { items: [delivery(name)], next: '1.b' } })
      next = undefined
    }
    await goTo(page, 'Webhooks')
    await press(page, 'Show more')
    await second('second')
    await page.getByText('second').waitFor()
    const before = asked
    await page.clock.runFor(30_000)
    expect([await page.getByText('second').count(), asked]).toEqual([1, before])
    await press(page, 'Show more')
    await page.getByLabel('Deliveries to show').selectOption('dead')
    await page.getByText('first dead').waitFor()
    await second('of another list')
    await page.clock.runFor(1000)
    expect(await page.getByText('of another list').count()).toBe(0)
  })

  test('tenants are shown with what they have used, as soon as it is known, and nothing of the others is asked for', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'red', name: 'Team Red' })
    const { body: made } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'red' })
    await relay.ask('POST', '/v1/usage', { lines: [costing(5_000_000_000)] }, made.key)
    const { page } = await signedIn(relay, '#/audit')
    const reports: string[] = []
    page.on('request', (request) => void (request.url().includes('/v1/admin/usage') && reports.push(request.url())))
    await page.route('**/v1/admin/tenants?*search*', (route) => route.fulfill({ status: 503 }), { times: 1 })
    await goTo(page, 'Tenants')
    await page.getByRole('alert').filter({ hasText: 'status 503' }).waitFor()
    expect(await page.locator('main').textContent()).not.toContain('$0.00')
    await press(page, 'Try again')
    await page.getByRole('row').filter({ hasText: 'Team Red' }).filter({ hasText: '$5.00' }).waitFor()
    await page.getByRole('row').filter({ hasText: 'default' }).filter({ hasText: '$0.00' }).waitFor()
    expect(reports).toEqual([])
  })

  test('of many models the dearest are shown, by their part of the whole, and what the others have cost', async () => {
    const relay = await openRelay(mock.url)
    const lines = Array.from({ length: 12 }, (_, at) => costing((at + 1) * 1_000_000_000))
    await relay.ask('POST', '/v1/usage', { lines }, relay.call)
    const { page, problems } = await signedIn(relay)
    const models = page.locator('.card').filter({ has: page.getByRole('heading', { name: 'Models' }) })
    await models.getByText('and others, $10.00').waitFor()
    const spent = models.locator('td[title]')
    expect(await spent.allTextContents()).toEqual([12, 11, 10, 9, 8, 7, 6, 5].map((usd) => `$${usd}.00`))
    expect(await spent.first().getAttribute('title')).toBe('15 % of the spend')
    const providers = page.locator('.card').filter({ has: page.getByRole('heading', { name: 'Providers' }) })
    expect(await providers.textContent()).not.toContain('and others')
    expect(problems).toEqual([])
  })

  test('what takes the relay long is not read again at once', async () => {
    const relay = await openRelay(mock.url)
    const { page } = await signedIn(relay, '#/audit')
    await page.clock.install()
    const asked: Route[] = []
    await page.route('**/v1/admin/overview', (route) => void asked.push(route))
    await goTo(page, 'Overview')
    await expect.poll(() => asked.length).toBe(1)
    await page.clock.runFor(4000)
    await asked[0]?.continue()
    await page.getByText('No call in the last 30 days').waitFor()
    await page.clock.runFor(30_000)
    expect(asked).toHaveLength(1)
    await page.clock.runFor(15_000)
    await expect.poll(() => asked.length).toBe(2)
    await asked[1]?.continue()
  })

  test('keys alone reach everything, and a dialog gives the focus back where it was', async () => {
    const relay = await openRelay(mock.url)
    const { page, problems } = await signedIn(relay, '#/tenants')
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim())
    const opener = page.getByRole('button', { name: 'New tenant' })
    await opener.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'New tenant' }).waitFor()
    for (let at = 0; at < 12; at++) {
      await page.keyboard.press('Tab')
      // Between its last and its first field, a browser's own controls have their turn.
      expect(
        await page.evaluate(() => document.activeElement?.closest('main') && !document.activeElement.closest('dialog')),
      ).toBeFalsy()
    }
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(focused).toBe('New tenant')
    await page.getByRole('button', { name: 'Skip to the content' }).focus()
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe('main')
    expect(problems).toEqual([])
  })

  test('no page is wider than a phone of 360 pixels, in the colours that the system asks for', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask(
      'POST',
      '/v1/chat/completions',
      { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] },
      relay.call,
    )
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'long', name: 'A-name-without-a-blank-'.repeat(20) })
    const { page, problems } = await signedIn(relay, '', { viewport: { width: 360, height: 780 }, colorScheme: 'dark' })
    const places = ['Calls', 'Health', 'Playground', 'Tenants', 'Users', 'Keys', 'Policies', 'Audit', 'Webhooks', 'Configuration']
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await ground()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    for (const name of places) {
      await press(page, 'Menu')
      await goTo(page, name)
      await page.getByRole('heading', { name, level: 1 }).waitFor()
      await page.locator('.loading').first().waitFor({ state: 'detached' })
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(360)
    }
    await press(page, 'Menu')
    await press(page, 'Light')
    expect(await ground()).not.toBe(dark)
    expect(problems).toEqual([])
  })

  test('names without a blank leave every column of a table in sight', async () => {
    const relay = await openRelay(mock.url)
    const slug = 'a'.repeat(63)
    await relay.ask('POST', '/v1/admin/tenants', { slug })
    const { body } = await relay.ask('POST', '/v1/admin/keys', { tenant: slug })
    const request = { model: 'm'.repeat(200), messages: [{ role: 'user', content: 'Hi' }] }
    await relay.ask('POST', '/v1/chat/completions', request, body.key)
    const { page } = await signedIn(relay, '', { viewport: { width: 1280, height: 800 } })
    for (const name of ['Calls', 'Audit', 'Keys', 'Tenants', 'Overview']) {
      await goTo(page, name)
      await page.locator('tbody').first().waitFor()
      const beyond = () =>
        page.evaluate(() => [...document.querySelectorAll('.scroll')].some((table) => table.scrollWidth > table.clientWidth))
      expect(await beyond(), name).toBe(false)
    }
  })

  test('names are told in words where there is little room, and nothing lies over what is beside it', async () => {
    const relay = await openRelay(mock.url)
    await relay.ask('POST', '/v1/admin/tenants', { slug: 'north-west', name: 'The department of everything else' })
    await relay.ask('POST', '/v1/admin/tenants/default/users', { id: 'ada-lovelace', email: 'ada@example.com' })
    await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', user: 'ada-lovelace' })
    for (const width of [360, 768, 1000, 1280]) {
      const { page } = await signedIn(relay, '', { viewport: { width, height: 800 } })
      for (const place of ['audit', 'keys', 'tenants', 'users']) {
        await page.goto(`${relay.url}/#/${place}`)
        await page.locator('tbody tr').first().waitFor()
        const found = await page.evaluate(() => ({
          beyond: [...document.querySelectorAll('.scroll, td, tbody th')].filter((one) => one.scrollWidth > one.clientWidth)
            .length,
          narrowest: Math.min(...[...document.querySelectorAll('tbody th')].map((one) => one.clientWidth)),
        }))
        expect(found.beyond, `${place} at ${width}`).toBe(0)
        expect(found.narrowest, `${place} at ${width}`).toBeGreaterThan(100)
      }
    }
  })

  test('what somebody has written and not put in force is there when they sign in again, and nobody else’s', async () => {
    const relay = await openRelay(mock.url)
    const { page } = await signedIn(relay, '#/policies/default')
    const editor = page.getByLabel('Policy as JSON')
    await editor.fill('{ "maxCostUsd": 5 }')
    const signInAgain = async (key: string) => {
      await press(page, 'Sign out')
      await page.getByLabel('Key', { exact: true }).fill(key)
      await press(page, 'Sign in')
      await editor.waitFor()
    }
    const { body: other } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', scopes: ['admin'] })
    await signInAgain(other.key)
    expect(await editor.inputValue()).not.toContain('maxCostUsd')
    await signInAgain(relay.admin)
    expect(await editor.inputValue()).toContain('maxCostUsd')
  })

  test('a key that is revoked while somebody is signed in with it signs them out', async () => {
    const relay = await openRelay(mock.url)
    const { page } = await signedIn(relay, '#/tenants')
    await page.getByRole('row').filter({ hasText: 'Default' }).waitFor()
    const { body: other } = await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', scopes: ['admin'] })
    await relay.ask('POST', `/v1/admin/keys/${relay.admin.split('_')[1]}/revoke`, undefined, other.key)
    await goTo(page, 'Keys')
    await page.getByLabel('Key', { exact: true }).waitFor()
  })

  test('people sign in by a password, and are offered what their role may do', async () => {
    const relay = await openRelay(mock.url)
    const { page, problems } = await signedIn(relay, '#/users')
    await press(page, 'New user')
    await page.getByLabel('E-mail').fill('ada@example.com')
    await page.getByLabel('Id', { exact: true }).fill('ada')
    await page.getByLabel('Role').selectOption('viewer')
    await page.getByLabel('Password').fill('correct horse battery')
    await press(page, 'Create user')
    await page.getByRole('row').filter({ hasText: 'ada@example.com' }).getByText('viewer').waitFor()
    const signIn = async () => {
      await press(page, 'Sign out')
      await press(page, 'With e-mail and password')
      await page.getByLabel('E-mail').fill('ada@example.com')
      await page.getByLabel('Password').fill('correct horse battery')
      await press(page, 'Sign in')
      await page.getByText(/^(viewer|admin) of default/).waitFor()
    }
    const pages = () => page.getByRole('navigation').getByRole('link').allTextContents()

    await signIn()
    expect(await pages()).toEqual(['Overview', 'Calls', 'Health', 'Tenant', 'Users', 'Keys', 'Policies', 'Audit'])
    for (const name of ['Keys', 'Users', 'Tenant']) {
      await goTo(page, name)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('.loading').first().waitFor({ state: 'detached' })
      expect(await page.getByRole('button', { name: /^(New|Set|Revoke|Rotate|Change|Remove)/ }).count()).toBe(0)
    }
    await goTo(page, 'Policies')
    await page.getByText('Your role may read it').waitFor()
    expect(await page.getByLabel('Policy as JSON').getAttribute('readonly')).not.toBeNull()

    await relay.ask('PATCH', '/v1/admin/tenants/default/users/ada', { role: 'admin' })
    await signIn()
    expect(await pages()).toEqual([
      ...['Overview', 'Calls', 'Health', 'Playground', 'Tenant', 'Users', 'Keys', 'Policies', 'Audit'],
    ])
    await goTo(page, 'Keys')
    await page.getByRole('row').filter({ hasText: 'first administrator' }).waitFor()
    expect(await page.getByRole('button', { name: 'Revoke first administrator' }).count()).toBe(0)
    await press(page, 'New key')
    await page.getByLabel('Role here').waitFor()
    expect(await page.getByRole('checkbox').count()).toBe(3)
    expect(await page.getByLabel('Role here').locator('option').count()).toBe(4)
    await press(page, 'Create key')
    await page.getByRole('status').filter({ hasText: 'lk_' }).waitFor()
    expect(problems).toEqual([])
  })

  test("a tenant's vendor keys are set and removed, and its statement is read and kept as a file", async () => {
    const relay = await openRelay(mock.url)
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }
    await relay.ask('POST', '/v1/chat/completions', chat, relay.call)
    const { page, problems } = await signedIn(relay, '#/tenants')
    await page.getByRole('link', { name: 'Default', exact: true }).click()
    await page.getByRole('row').filter({ hasText: 'gpt-4o-mini' }).waitFor()
    const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'CSV')])
    expect(file.suggestedFilename()).toBe(`default-${new Date().toISOString().slice(0, 7)}.csv`)
    expect(readFileSync(await file.path(), 'utf8')).toContain('gpt-4o-mini')

    const keys = async () => (await relay.ask('GET', '/v1/admin/tenants/default/vendor-keys')).body.items
    await press(page, 'Set a vendor key')
    await page.getByLabel('Provider').fill('openai')
    await page.getByLabel('Key').last().fill('sk-of-the-tenant-9f3c')
    await press(page, 'Set key')
    await page.getByRole('row').filter({ hasText: '…9f3c' }).waitFor()
    expect(await page.content()).not.toContain('sk-of-the-tenant')
    expect(await keys()).toMatchObject([{ provider: 'openai', last4: '9f3c' }])
    await press(page, 'Remove openai')
    await press(page, 'Remove key')
    await page.getByText('No vendor key of its own').waitFor()
    expect(await keys()).toEqual([])
    expect(problems).toEqual([])
  })

  test('a key has a policy of its own, which is tried out in the shadow; and clients that are behind are seen', async () => {
    const relay = await openRelay(mock.url)
    const [, id = ''] = relay.call.split('_')
    const { page, problems } = await signedIn(relay, '#/keys')
    await page.getByRole('link', { name: 'Policy of first key' }).click()
    await page.getByText('the policy of its tenant alone is in force').waitFor()
    await page.getByLabel('Add an example').selectOption('A budget per day')
    await page.getByLabel('Only try out').check()
    await page.getByText('The relay would take this.').waitFor()
    await press(page, 'Put in force')
    await page.getByText('Version 1 is in force.').waitFor()
    expect((await relay.ask('GET', `/v1/admin/keys/${id}/policy`)).body).toMatchObject({
      version: 1,
      policy: { shadow: { budgets: [{ limit: { usd: 25 } }] } },
    })
    expect((await relay.ask('GET', '/v1/admin/tenants/default/policy')).body.version).toBe(0)

    const client = { 'x-leash-client': 'client-of-a-test', 'x-leash-revision': '0' }
    await fetch(`${relay.url}/v1/control/policy`, { headers: { authorization: `Bearer ${relay.call}`, ...client } })
    await goTo(page, 'Health')
    await page.getByRole('row').filter({ hasText: 'client-of-a-t' }).getByText('v0, in force v0.1').waitFor()
    await goTo(page, 'Overview')
    await page.getByText('One client is behind its policy.').waitFor()
    expect(problems).toEqual([])
  })

  test('a webhook is made with a secret that is shown once, and what was given up is sent once more', async () => {
    const receiver = await openReceiver()
    receiver.answer({ status: 410 })
    const relay = await openRelay(mock.url, { webhooks: { allow: ['127.0.0.1'] } })
    const { page, problems } = await signedIn(relay, '#/webhooks')
    await page.getByRole('button', { name: 'New webhook' }).first().click()
    await page.getByLabel('Address').fill(receiver.url)
    await press(page, 'Create webhook')
    const secret = (await page.getByRole('status').filter({ hasText: 'whsec_' }).textContent()) ?? ''
    await press(page, 'Done')
    expect(await page.content()).not.toContain(secret)
    await press(page, /^Test/)
    await receiver.arrived(1)
    await relay.ask('PATCH', `/v1/admin/webhooks/${(await relay.ask('GET', '/v1/admin/webhooks')).body.items[0].id}`, {
      enabled: true,
    })
    await page.getByLabel('Deliveries to show').selectOption('dead')
    await page.getByRole('row').filter({ hasText: 'It answered 410' }).waitFor()
    await press(page, 'Retry webhook.test')
    await receiver.arrived(2)
    receiver.verify(receiver.received[1] as Received, secret)
    await page.getByLabel('Deliveries to show').selectOption('delivered')
    await page.getByRole('row').filter({ hasText: 'It answered 204' }).waitFor()
    expect(problems).toEqual([])
  })

  test('the configuration is changed, and the change taken back', async () => {
    const relay = await openRelay(mock.url)
    const { page, problems } = await signedIn(relay, '#/configuration')
    for (const [version, staleMs] of [
      [1, 60_000],
      [2, 90_000],
    ] as const) {
      await page.getByLabel('Changes as JSON').fill(`{ "staleMs": ${staleMs} }`)
      await page.getByText('The relay would take this.').waitFor()
      await press(page, 'Put in force')
      await page.getByText(`Version ${version} is in force.`).waitFor()
    }
    await press(page, 'Roll back to version 1')
    await press(page, /^Roll back$/)
    await page.getByText('in force again, as version 3').waitFor()
    expect((await relay.ask('GET', '/v1/admin/config')).body).toMatchObject({ version: 3, changed: { staleMs: 60_000 } })
    expect(problems).toEqual([])
  })

  test('a script or a style that somebody puts into the page does not run, and is seen', async () => {
    const relay = await openRelay(mock.url)
    const { page, problems } = await open(relay.url)
    const ran = await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'document.title = "taken over"'
      document.head.append(script)
      const style = document.createElement('style')
      style.textContent = 'body { display: none }'
      document.head.append(style)
      return document.title === 'taken over' || getComputedStyle(document.body).display === 'none'
    })
    expect(ran).toBe(false)
    expect(problems.filter((problem) => problem.includes('Content Security Policy'))).toHaveLength(2)
  })
})
