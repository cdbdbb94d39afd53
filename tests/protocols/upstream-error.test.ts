import Anthropic from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import { createLeash, LeashError } from '../../src/leash.js'
import { serve } from '../helpers/serve.js'

test.each([
  ['invalid_request', '[invalid_request] Name a team.'],
  // Only the vendor's own bill has this status elsewhere.
  ['budget_exceeded', '[permission_denied] [budget_exceeded] Name a team.'],
] as const)('a refusal of another leash, %s, tells each code once', async (code, told) => {
  const other = createLeash()
  const refuse = () => {
    throw new LeashError(code, 'Name a team.')
  }
  const served = await serve((request) => other.handle(request, { leash: refuse }))
  const leash = createLeash({ providers: { relay: { baseURL: `${served.url}/v1`, apiKey: 'k' } }, retry: false })
  const client = leash.wrap(new Anthropic({ apiKey: 'k', maxRetries: 0 }))
  const refused = client.messages.create({ model: 'relay/any', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
  await expect(refused).rejects.toMatchObject({ error: { error: { message: told } } })
  await served.close()
})
