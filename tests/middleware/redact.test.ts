/** Through the whole leash, over sockets. */
import { describe, expect, test } from 'vitest'
import { LeashLLM } from '../../src/index.js'
import { createLeash, type Leash, type LeashOptions, type Report } from '../../src/leash.js'
import { log } from '../../src/modules/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'
import { asks, doors, send } from './asks.js'

const mock = useMock()

function open(options: LeashOptions = {}): { leash: Leash; reports: Report[] } {
  const leash = createLeash({ providers: mockProviders(mock.url), retry: false, redact: true, ...options })
  const reports: Report[] = []
  leash.on('result', (report) => reports.push(report))
  return { leash, reports }
}

const said = 'Write to john.doe@acme.com, and again to john.doe@acme.com.'

describe.each(doors)('by %s', (door) => {
  describe.each(asks)('$protocol', ({ request }) => {
    test('the vendor never sees the value, and the caller sees nothing else', async () => {
      const { leash, reports } = open()
      const response = await send(leash, door, mock.url, request(said, false))
      expect(response.status).toBe(200)
      expect(await response.text()).toContain('john.doe@acme.com, and again to john.doe@acme.com')
      expect(JSON.stringify(mock.requests)).not.toContain('acme')
      expect(JSON.stringify(mock.requests)).toContain('<EMAIL_1>, and again to <EMAIL_1>')
      expect(reports[0]?.redactions).toEqual({ EMAIL_ADDRESS: 2 })
    })

    test.each([
      ['as it comes', {}],
      ['one byte at a time', { chunkBytes: 1 }],
    ])('a stream, %s', async (_, fault) => {
      const { leash } = open()
      mock.script(fault)
      const response = await send(leash, door, mock.url, request(said, true))
      const text = await response.text()
      expect(JSON.stringify(mock.requests)).not.toContain('acme')
      expect(text).toContain('john.doe@acme.com')
      expect(text).not.toMatch(/EMAIL|_1>/)
    })

    test('what a stream said of itself is counted when the call is told of', async () => {
      const masking = { response: 'mask', entities: { EMAIL_ADDRESS: { request: false } } } as const
      const { leash } = open({ redact: masking })
      const told: Report['redactions'][] = []
      leash.on('result', ({ redactions }) => told.push(redactions))
      const response = await send(leash, door, mock.url, request(said, true))
      expect(await response.text()).not.toContain('acme')
      expect(told).toEqual([{ EMAIL_ADDRESS: 2 }])
    })
  })
})

describe("OpenAI's client", () => {
  const client = (options: ConstructorParameters<typeof LeashLLM>[0] = {}) =>
    new LeashLLM({ apiKey: 'mock', baseURL: `${mock.url}/v1`, redact: true, ...options })
  const messages = [{ role: 'user' as const, content: said }]

  test('reads values, and its report counts them', async () => {
    const answer = await client().chat.completions.create({ model: 'gpt-4.1', messages })
    expect(answer.choices[0]?.message.content).toContain('john.doe@acme.com')
    expect(answer.leash?.redactions).toEqual({ EMAIL_ADDRESS: 2 })
    expect(mock.requests[0]?.body).toMatchObject({ messages: [{ content: expect.stringContaining('<EMAIL_1>') }] })
  })

  test.each(['redact', 'modules'])(
    'whose requests are signed as they are is not made with `%s`, which would see none',
    (name) => {
      const options = { credential: {}, [name]: name === 'redact' || [log()] }
      expect(() => new LeashLLM(options as never)).toThrow(/see no call/)
      expect(() => new LeashLLM({ credential: {}, modules: [] } as never)).not.toThrow(/see no call/)
    },
  )

  test('sends a second attempt redacted too', async () => {
    mock.script({ status: 529 }, { status: 500 })
    const answer = await client({ retry: { backoff: () => 0 } }).chat.completions.create({ model: 'gpt-4.1', messages })
    expect(answer.choices[0]?.message.content).toContain('john.doe@acme.com')
    expect(mock.requests).toHaveLength(3)
    expect(JSON.stringify(mock.requests)).not.toContain('acme')
  })

  test('falls back to another vendor redacted', async () => {
    mock.script({ status: 500, when: ({ path }) => path.includes('chat/completions') })
    const openai = client({
      providers: mockProviders(mock.url),
      retry: false,
      fallback: ['anthropic/claude-haiku-4-5'],
      maxRetries: 0,
    })
    const answer = await openai.chat.completions.create({ model: 'gpt-4.1', messages })
    expect(answer.leash?.provider).toBe('anthropic')
    expect(answer.choices[0]?.message.content).toContain('john.doe@acme.com')
    expect(JSON.stringify(mock.requests)).not.toContain('acme')
  })

  test('gets PermissionDeniedError for what is blocked', async () => {
    const openai = client({ redact: { mode: 'block' } })
    await expect(openai.chat.completions.create({ model: 'gpt-4.1', messages })).rejects.toMatchObject({
      name: 'Error',
      status: 403,
      code: 'policy_blocked',
    })
    expect(mock.requests).toHaveLength(0)
  })

  test('keeps placeholders throughout a conversation', async () => {
    const openai = client()
    const ask = (content: string, conversation?: string) =>
      openai.chat.completions.create(
        { model: 'gpt-4.1', messages: [{ role: 'user', content }] },
        { leash: { ...(conversation && { conversation }) } },
      )
    await ask('one@acme.com', 'a')
    await ask('two@acme.com and one@acme.com', 'a')
    await ask('two@acme.com', 'b')
    expect(mock.requests.map(({ body }) => (body as { messages: { content: string }[] }).messages[0]?.content)).toEqual([
      '<EMAIL_1>',
      '<EMAIL_2> and <EMAIL_1>',
      '<EMAIL_1>',
    ])
  })

  test('shares one call of two who differ only in their values, and each gets his own', async () => {
    const openai = client({ coalesce: true })
    mock.script({ latencyMs: 200 })
    const answers = await Promise.all(
      ['ann@acme.com', 'bob@acme.com'].map((content) =>
        openai.chat.completions.create({ model: 'gpt-4.1', messages: [{ role: 'user', content }] }),
      ),
    )
    expect(mock.requests).toHaveLength(1)
    expect(answers.map(({ choices }) => choices[0]?.message.content)).toEqual(['Echo: ann@acme.com', 'Echo: bob@acme.com'])
  })

  test('makes embeddings, and Responses with history and tools', async () => {
    const openai = client()
    await openai.embeddings.create({ model: 'text-embedding-3-small', input: [said] })
    const answer = await openai.responses.create({
      model: 'gpt-5',
      instructions: said,
      input: [
        { role: 'user', content: said },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: JSON.stringify({ to: 'john.doe@acme.com' }) },
        { type: 'function_call_output', call_id: 'c', output: JSON.stringify({ sent: ['john.doe@acme.com'] }) },
        { role: 'user', content: said },
      ],
    })
    expect(answer.output_text).toContain('john.doe@acme.com')
    expect(answer.output_text).not.toContain('EMAIL_1')
    expect(JSON.stringify(mock.requests)).not.toContain('acme')
  })
})

test('a wrong option is refused where the leash is made', () => {
  expect(() => createLeash({ redact: { mode: 'hide' as 'mask' } })).toThrow('redact.mode')
  expect(() => createLeash({ redact: { hashKey: 'short' } })).toThrow('hashKey')
})
