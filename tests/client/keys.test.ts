/** Whose key a request carries: its headers are kept from one call to the next, and only as long as they are the same. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { create, leashed } from './client.js'

const mock = useMock()
const sent = () => mock.requests.map(({ headers }) => headers.authorization)

describe('a key', () => {
  test('is sent with each call', async () => {
    const client = leashed(mock, { apiKey: 'sk-first' })
    for (let call = 0; call < 3; call++) await create(client, 'gpt-4o-mini')
    expect(sent()).toEqual(['Bearer sk-first', 'Bearer sk-first', 'Bearer sk-first'])
  })

  test('is the client’s own at the time of the call', async () => {
    const client = leashed(mock, { apiKey: 'sk-first' })
    await create(client, 'gpt-4o-mini')
    client.apiKey = 'sk-second'
    await create(client, 'gpt-4o-mini')
    client.apiKey = 'sk-first'
    await create(client, 'gpt-4o-mini')
    expect(sent()).toEqual(['Bearer sk-first', 'Bearer sk-second', 'Bearer sk-first'])
  })

  test('that a function gives is asked for each time', async () => {
    let count = 0
    const client = leashed(mock, { apiKey: async () => `sk-${++count}` })
    await create(client, 'gpt-4o-mini')
    await create(client, 'gpt-4o-mini')
    expect(new Set(sent()).size).toBe(2)
  })

  test('of a copy is no other client’s', async () => {
    const client = leashed(mock, { apiKey: 'sk-first' })
    const copy = client.withOptions({ apiKey: 'sk-copy' })
    await create(client, 'gpt-4o-mini')
    await create(copy, 'gpt-4o-mini')
    await create(client, 'gpt-4o-mini')
    expect(sent()).toEqual(['Bearer sk-first', 'Bearer sk-copy', 'Bearer sk-first'])
  })

  test('is what a subclass makes of it', async () => {
    class Signed extends LeashLLM {
      #count = 0
      protected override async bearerAuth(...args: Parameters<LeashLLM['bearerAuth']>) {
        const made = await super.bearerAuth(...args)
        made?.values.set('authorization', `Bearer signed-${++this.#count}`)
        return made
      }
    }
    const client = new Signed({ apiKey: 'sk-first', providers: mockProviders(mock.url), baseURL: `${mock.url}/v1` })
    await create(client, 'gpt-4o-mini')
    await create(client, 'gpt-4o-mini')
    expect(sent()).toEqual(['Bearer signed-1', 'Bearer signed-2'])
  })
})

test.each(['sk-bad\nsecret', 'sk-bad-sécret'])(
  'a key that cannot stand in a header is refused, and shown to nobody: %j',
  async (key) => {
    for (const apiKey of [key, async () => key]) {
      const client = new LeashLLM({ baseURL: `${mock.url}/v1`, apiKey })
      for (const asked of [create(client, 'gpt-4o-mini'), client.models.list()]) {
        const error = await asked.catch((error: unknown) => error)
        expect(error).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('stray newline') })
        expect(inspect(error, { depth: 9 })).not.toContain(key.slice(0, 6))
      }
    }
    expect(mock.requests).toEqual([])
  },
)

test('the end of a line behind a key is no part of it', async () => {
  await create(new LeashLLM({ baseURL: `${mock.url}/v1`, apiKey: 'sk-good\n' }), 'gpt-4o-mini')
  expect(sent()).toEqual(['Bearer sk-good'])
})
