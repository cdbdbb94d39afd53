/** Where a client's calls go, and with whose key. */
import { describe, expect, test, vi } from 'vitest'
import { LeashLLM } from '../../src/client.js'
import { useMock } from '../helpers/mock.js'
import { create, echo, leashed } from './client.js'

const mock = useMock()
const sent = () => mock.requests.map(({ path, headers }) => `${path} ${headers.authorization ?? headers['x-api-key']}`)

describe('keys', () => {
  test('without OpenAI’s key but with another vendor’s, that vendor can be called', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'only-this')
    vi.stubEnv('ANTHROPIC_BASE_URL', mock.url)
    const client = new LeashLLM()
    expect((await create(client, 'claude-sonnet-4-5')).choices[0]?.message.content).toBe(echo)
    expect(sent()).toEqual(['/v1/messages only-this'])
  })

  test('without OpenAI’s key, a model of OpenAI’s is refused, and no key is made up', async () => {
    const client = new LeashLLM({ baseURL: `${mock.url}/v1`, providers: { anthropic: { apiKey: 'only-this' } } })
    await expect(create(client, 'openai/gpt-4o-mini')).rejects.toMatchObject({
      status: 401,
      code: 'missing_key',
      message: expect.stringContaining('OPENAI_API_KEY'),
    })
    expect(mock.requests).toHaveLength(0)
  })

  test('with no key at all, the first call says which one its model wants, and nothing is sent', async () => {
    const client = new LeashLLM()
    for (const [model, variable] of [
      ['gpt-4o-mini', 'OPENAI_API_KEY'],
      ['claude-sonnet-4-5', 'ANTHROPIC_API_KEY'],
    ] as const) {
      await expect(create(client, model)).rejects.toMatchObject({
        ...{ status: 401, code: 'missing_key', message: expect.stringContaining(variable) },
      })
    }
    expect(mock.requests).toHaveLength(0)
  })

  test.each(['gpt-4o-mini', 'my-finetune-7', 'claude-sonnet-4-5'])(
    'with a baseURL and no key, %s waits for one: nothing is sent',
    async (model) => {
      await expect(create(new LeashLLM({ baseURL: `${mock.url}/v1` }), model)).rejects.toMatchObject({
        ...{ status: 401, code: 'missing_key', message: expect.stringContaining('pass `apiKey`') },
      })
      expect(mock.requests).toHaveLength(0)
    },
  )

  test.each<[string, (client: LeashLLM) => Promise<unknown>]>([
    ['a file', (client) => client.files.create({ file: new File(['{}'], 'a.jsonl'), purpose: 'batch' })],
    ['the list of models', (client) => client.models.list()],
    ['what a copy of the client asks for', (client) => client.withOptions({ maxRetries: 0 }).batches.list()],
  ])('without OpenAI’s key, %s waits for one: nothing is sent', async (_, ask) => {
    const client = new LeashLLM({ baseURL: `${mock.url}/v1`, providers: { anthropic: { apiKey: 'only-this' } } })
    await expect(ask(client)).rejects.toMatchObject({ code: 'missing_key', message: expect.stringContaining('OPENAI_API_KEY') })
    expect(mock.requests).toHaveLength(0)
  })

  test('without OpenAI’s key, what says by a header who asks is sent', async () => {
    const authorization = 'Bearer of-a-gateway'
    const client = new LeashLLM({ baseURL: `${mock.url}/v1`, defaultHeaders: { authorization } })
    await client.models.list()
    expect(sent()).toEqual([`/v1/models ${authorization}`])
  })

  test('OPENAI_API_KEY and OPENAI_BASE_URL are read as OpenAI’s client reads them', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'from-env')
    vi.stubEnv('OPENAI_BASE_URL', `${mock.url}/v1`)
    await create(new LeashLLM(), 'gpt-4o-mini')
    expect(sent()).toEqual(['/v1/chat/completions Bearer from-env'])
  })

  describe('of OpenAI’s among the providers', () => {
    test.each([
      ['a key', () => 'in-code'],
      ['a function', () => () => 'in-code'],
      ['several keys', () => ['in-code']],
    ])('%s wins over OPENAI_API_KEY', async (_, apiKey) => {
      vi.stubEnv('OPENAI_API_KEY', 'from-env')
      await create(new LeashLLM({ providers: { openai: { apiKey: apiKey(), baseURL: `${mock.url}/v1` } } }), 'gpt-4o-mini')
      expect(sent()).toEqual(['/v1/chat/completions Bearer in-code'])
    })

    test('a key goes to the baseURL that the client was given', async () => {
      vi.stubEnv('OPENAI_API_KEY', 'from-env')
      await create(new LeashLLM({ baseURL: `${mock.url}/v1`, providers: { openai: { apiKey: 'in-code' } } }), 'gpt-4o-mini')
      expect(sent()).toEqual(['/v1/chat/completions Bearer in-code'])
    })

    test('an address alone goes with OPENAI_API_KEY', async () => {
      vi.stubEnv('OPENAI_API_KEY', 'from-env')
      await create(new LeashLLM({ providers: { openai: { baseURL: `${mock.url}/v1` } } }), 'gpt-4o-mini')
      expect(sent()).toEqual(['/v1/chat/completions Bearer from-env'])
    })

    test('a key also opens what is no call to a model', async () => {
      vi.stubEnv('OPENAI_API_KEY', 'from-env')
      const keys: unknown[] = []
      const fetch = async (_: unknown, init?: RequestInit) => {
        keys.push(new Headers(init?.headers).get('authorization'))
        return Response.json({ object: 'list', data: [] })
      }
      await new LeashLLM({ fetch, providers: { openai: { apiKey: 'in-code' } } }).models.list()
      expect(keys).toEqual(['Bearer in-code'])
    })

    test.each([
      ['a text', 'first'],
      ['a function', async () => 'first'],
      ['a key with a name', { key: 'first', name: 'ours' }],
    ])('the first of several keys also opens what is no call to a model: %s', async (_, first) => {
      const openai = { apiKey: [first, 'second'], baseURL: `${mock.url}/v1` }
      await new LeashLLM({ providers: { openai } }).models.list()
      expect(sent()).toEqual(['/v1/models Bearer first'])
    })

    test.each(['', 'from-env'])(
      'several keys share the calls to the client’s own address, OPENAI_API_KEY being "%s"',
      async (env) => {
        vi.stubEnv('OPENAI_API_KEY', env)
        const openai = { apiKey: ['first', 'second'], keys: { strategy: 'least-used' as const } }
        const client = new LeashLLM({ baseURL: `${mock.url}/v1`, providers: { openai } })
        await Promise.all([create(client, 'gpt-4o-mini'), create(client, 'gpt-4o-mini')])
        expect(sent().sort()).toEqual(['/v1/chat/completions Bearer first', '/v1/chat/completions Bearer second'])
      },
    )

    test('several keys yield to the client’s own at its own address', async () => {
      const client = new LeashLLM({
        apiKey: 'own',
        baseURL: `${mock.url}/v1`,
        providers: { openai: { apiKey: ['first', 'second'] } },
      })
      for (let call = 0; call < 4; call++) await create(client, 'gpt-4o-mini')
      await client.models.list()
      expect(new Set(sent())).toEqual(new Set(['/v1/chat/completions Bearer own', '/v1/models Bearer own']))
    })

    test('an address is that of what is no call to a model, too', async () => {
      vi.stubEnv('OPENAI_API_KEY', 'from-env')
      const asked: string[] = []
      const fetch = async (url: unknown, init?: RequestInit) => {
        asked.push(`${url} ${new Headers(init?.headers).get('authorization')}`)
        return Response.json({ object: 'list', data: [] })
      }
      const baseURL = 'https://llm.acme.example/v1'
      const client = new LeashLLM({ fetch, providers: { openai: { apiKey: 'in-code', baseURL } } })
      await client.models.list()
      await client.withOptions({ timeout: 1000 }).files.list()
      await new LeashLLM({ fetch, providers: { openai: { baseURL } } }).models.list()
      await new LeashLLM({ fetch, apiKey: 'own', providers: { openai: { baseURL } } }).models.list()
      expect(asked).toEqual([
        `${baseURL}/models Bearer in-code`,
        `${baseURL}/files Bearer in-code`,
        `${baseURL}/models Bearer from-env`,
        'https://api.openai.com/v1/models Bearer own',
      ])
    })

    test('a key yields to the client’s own', async () => {
      const client = new LeashLLM({ apiKey: 'own', baseURL: `${mock.url}/v1`, providers: { openai: { apiKey: 'in-code' } } })
      await create(client, 'gpt-4o-mini')
      expect(sent()).toEqual(['/v1/chat/completions Bearer own'])
    })
  })

  test('a vendor’s key goes to that vendor alone', async () => {
    const client = leashed(mock, { apiKey: 'openai-key', providers: { anthropic: { apiKey: 'claude-key', baseURL: mock.url } } })
    await create(client, 'gpt-4o-mini')
    await create(client, 'claude-sonnet-4-5')
    const [first, second] = mock.requests.map(({ headers }) => JSON.stringify(headers))
    expect([first?.includes('claude-key'), second?.includes('openai-key')]).toEqual([false, false])
  })
})

describe('a baseURL of the caller’s own', () => {
  const proxied = () => new LeashLLM({ apiKey: 'proxy-key', baseURL: `${mock.url}/v1` })

  test.each(['gpt-4o-mini', 'my-finetune-7', 'claude-sonnet-4-5', 'meta-llama/llama-3.3-70b-instruct'])(
    'gets %s, whoever else makes such models',
    async (model) => {
      expect((await create(proxied(), model)).choices[0]?.message.content).toBe(echo)
      expect(sent()).toEqual(['/v1/chat/completions Bearer proxy-key'])
      expect(mock.requests[0]?.model).toBe(model)
    },
  )

  test('gets whole what names a vendor that we hold no key for, as a proxy of many vendors expects', async () => {
    await create(proxied(), 'anthropic/claude-sonnet-4-5')
    expect(mock.requests.map(({ model }) => model)).toEqual(['anthropic/claude-sonnet-4-5'])
  })

  test('does not get a model whose vendor’s key is there', async () => {
    await create(leashed(mock), 'claude-sonnet-4-5')
    expect(sent()).toEqual(['/v1/messages mock'])
  })
})
