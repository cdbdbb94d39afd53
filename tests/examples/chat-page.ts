/** What a person does at a chat of the examples, and sees. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { root } from '../helpers/source.js'

export function chatPage(page: Page) {
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  return {
    press,
    async say(text: string) {
      await page.getByLabel('Message').fill(text)
      await press('Send')
    },
    choose: (vendor: string) => page.getByRole('radio', { name: vendor }).check({ force: true }),
    answers: page.locator('article.assistant'),
    told: page.locator('.told'),
    problem: page.getByRole('alert').filter({ hasText: /./ }),
    ground: () => page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    width: () => page.evaluate(() => document.documentElement.scrollWidth),
  }
}

/** What the picture in the documentation shows. */
const conversation = [
  {
    vendor: 'OpenAI',
    asked: 'Name three rivers and the seas they end in.',
    answered: 'The Danube ends in the Black Sea, the Nile in the Mediterranean, and the Vistula in the Baltic.',
    told: { provider: 'openai', model: 'gpt-4o-mini', usd: 0.0000184, tokens: 27 },
  },
  {
    vendor: 'Anthropic',
    asked: 'Which of them is the longest?',
    answered: 'The Nile, with about 6,650 kilometres. The Danube has 2,850, and the Vistula 1,050.',
    told: { provider: 'anthropic', model: 'claude-haiku-4-5', usd: 0.000236, tokens: 31 },
  },
  { vendor: 'Google', asked: 'And the widest?', code: 'rate_limited' },
] as const

/** Kept when it is asked for, because a picture differs from machine to machine: `SCREENSHOTS=1 npx vitest run tests/examples`. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return
  const chat = chatPage(page)
  for (const { vendor, asked, ...turn } of conversation) {
    const events =
      'code' in turn
        ? [{ type: 'error', errorText: turn.code }]
        : [
            { type: 'text-start', id: '0' },
            { type: 'text-delta', id: '0', delta: turn.answered },
            { type: 'text-end', id: '0' },
            { type: 'message-metadata', messageMetadata: turn.told },
            { type: 'finish' },
          ]
    const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
    await page.route('**/api/chat', (route) => route.fulfill({ contentType: 'text/event-stream', body }))
    await chat.choose(vendor)
    await chat.say(asked)
    await ('code' in turn ? chat.problem : chat.told.filter({ hasText: turn.told.model })).waitFor()
    await page.unroute('**/api/chat')
  }
  await page.screenshot({ path: join(root, `docs/integrations/${name}.png`), animations: 'disabled' })
}
