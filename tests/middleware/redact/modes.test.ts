/** What becomes of values, in either direction. */
import { describe, expect, test } from 'vitest'
import type { Result } from '../../../src/core/call.js'
import type { JsonObject } from '../../../src/core/json.js'
import type { RedactOptions } from '../../../src/middleware/redact/options.js'
import { protocolNamed } from '../../../src/protocols/index.js'
import type { Protocol } from '../../../src/protocols/protocol.js'
import { callOf, drive, framed, read, streamed, unframed, whole } from './drive.js'
import { chatProtocols, speakerOf } from './speakers.js'

async function chat(): Promise<Protocol> {
  const protocol = await protocolNamed('openai-chat')
  if (!protocol) throw new Error('No protocol.')
  return protocol
}
const bodyOf = (content: unknown): JsonObject => ({ model: 'm', messages: [{ role: 'user', content }] }) as JsonObject
const saying = (content: string) => whole({ choices: [{ index: 0, message: { role: 'assistant', content } }] })
const contentOf = (result: Result) =>
  (result as unknown as { body: { choices: { message: { content: string } }[] } }).body.choices[0]?.message.content

/** What leaves, and what comes back when the model says it again, or says `says`. */
async function pass(content: unknown, options: RedactOptions = {}, says?: string) {
  const { layer, policies } = await drive(options)
  const sent: JsonObject[] = []
  const call = callOf(await chat(), bodyOf(content))
  const answer = layer(async ({ body }) => {
    sent.push(body)
    return saying(says ?? String((body.messages as { content: string }[])[0]?.content))
  })(call)
  const outcome = await answer.then(contentOf, (error) => error)
  const leaving = (sent[0]?.messages as { content: unknown }[] | undefined)?.[0]?.content
  return { leaving, outcome, policies, report: call.report, sent: sent[0], body: call.body }
}

const mail = 'Mail a.b@acme.com, card 4111 1111 1111 1111.'

describe('a request', () => {
  test.each<[string, RedactOptions, string, string]>([
    ['reversible', {}, 'Mail <EMAIL_1>, card <CARD_1>.', mail],
    ['mask', { mode: 'mask' }, 'Mail *.*@****.***, card **** **** **** 1111.', 'Mail *.*@****.***, card **** **** **** 1111.'],
    ['drop', { mode: 'drop' }, 'Mail , card .', 'Mail , card .'],
    ['annotate', { mode: 'annotate' }, mail, mail],
    [
      'by type',
      { entities: { EMAIL_ADDRESS: 'mask', CREDIT_CARD: false } },
      'Mail *.*@****.***, card 4111 1111 1111 1111.',
      'Mail *.*@****.***, card 4111 1111 1111 1111.',
    ],
    [
      'by type and direction',
      { entities: { EMAIL_ADDRESS: { request: 'drop' }, CREDIT_CARD: { request: false } } },
      'Mail , card 4111 1111 1111 1111.',
      'Mail , card 4111 1111 1111 1111.',
    ],
    ['only these', { entities: ['CREDIT_CARD'] }, 'Mail a.b@acme.com, card <CARD_1>.', mail],
    ['but not these', { allow: ['a.b@acme.com'] }, 'Mail a.b@acme.com, card <CARD_1>.', mail],
    ['and words of one’s own', { deny: ['Mail'] }, '<CUSTOM_1> <EMAIL_1>, card <CARD_1>.', mail],
    [
      'and patterns of one’s own',
      { patterns: [{ name: 'verb', pattern: 'M\\w+l' }] },
      '<VERB_1> <EMAIL_1>, card <CARD_1>.',
      mail,
    ],
    [
      'whose name is long',
      { patterns: [{ name: 'the verb that the sentence begins with', pattern: 'M\\w+l' }] },
      '<THEVERBTHATTHESENTENCEBE_1> <EMAIL_1>, card <CARD_1>.',
      mail,
    ],
    [
      'whose name is too short for a placeholder',
      { patterns: [{ name: 'x', pattern: 'M\\w+l' }] },
      '<CUSTOM_1> <EMAIL_1>, card <CARD_1>.',
      mail,
    ],
    ['what is sure enough', { minConfidence: 1 }, mail, mail],
  ])('%s', async (_, options, leaving, outcome) => {
    expect(await pass(mail, options)).toMatchObject({ leaving, outcome })
  })

  test('two tenants that call their conversations the same have nothing of each other', async () => {
    const { layer } = await drive()
    const said = async (tenant: string, content: string) =>
      contentOf(
        await layer(async () => saying('To <EMAIL_1>'))(callOf(await chat(), bodyOf(content), { tenant, conversation: 'c' })),
      )
    expect(await said('acme', 'Mail a.b@acme.com')).toBe('To a.b@acme.com')
    expect(await said('globex', 'Mail whom?')).toBe('To <EMAIL_1>')
    expect(await said('acme', 'Mail whom?')).toBe('To a.b@acme.com')
  })

  test('what was found where it stands goes before what is known from elsewhere', async () => {
    const { leaving } = await pass('password: "ask:a.b", so ask:a.b@acme.com')
    expect(leaving).toBe('password: "<PASSWORD_1>", so ask:<EMAIL_1>')
  })

  test('a recogniser is asked anew by each call, and what it was told is not kept', async () => {
    const asked: string[] = []
    const ner = (text: string) => {
      asked.push(text)
      return []
    }
    const { layer } = await drive({ ner, entities: { PERSON: 'annotate', EMAIL_ADDRESS: 'reversible' } })
    for (const _ of [1, 2]) await layer(async () => saying(''))(callOf(await chat(), bodyOf('Ask Ann')))
    expect(asked).toEqual(['Ask Ann', 'Ask Ann'])
  })

  test('mask: a letter and its accent are one', async () => {
    expect(await pass('Ask Jose\u0301!', { deny: ['Jose\u0301'], mode: 'mask' })).toMatchObject({ leaving: 'Ask *****!' })
  })

  test('hash: the same value has the same code under the same key, and nobody turns it back', async () => {
    const [one, again, other] = await Promise.all(
      ['key of sixteen chars', 'key of sixteen chars', 'another key of more'].map((hashKey) =>
        pass(mail, { mode: 'hash', hashKey }),
      ),
    )
    expect(one?.leaving).toMatch(/^Mail <EMAIL_[0-9a-f]{16}>, card <CARD_[0-9a-f]{16}>\.$/)
    expect(one?.outcome).toBe(one?.leaving)
    expect(again?.leaving).toBe(one?.leaving)
    expect(other?.leaving).not.toBe(one?.leaving)
  })

  test('block: it is refused with 403, before anything is sent, and without a word of what was found', async () => {
    const { outcome, sent, policies, report } = await pass(mail, { entities: { CREDIT_CARD: 'block' } })
    expect(outcome).toMatchObject({ code: 'policy_blocked', status: 403, retryable: false })
    expect(outcome.message).toContain('CREDIT_CARD')
    expect(outcome.message).not.toContain('4111')
    expect(sent).toBeUndefined()
    expect(policies).toEqual([
      { callId: 'call_test', guard: 'redact', action: 'block', direction: 'request', found: { CREDIT_CARD: 1 } },
    ])
    expect(report.redactions).toBeUndefined()
  })

  test('nothing to redact: the very same call goes on, and the very same answer comes back', async () => {
    const { layer } = await drive()
    const call = { ...callOf(await chat(), bodyOf('Hello <EMAIL_1>')), text: '{}' }
    const answer = saying('Hello')
    let received: unknown
    const result = await layer(async (call) => {
      received = call
      return answer
    })(call)
    expect(received).toBe(call)
    expect(result).toBe(answer)
  })

  test('something put back: the vendor’s own bytes are not the answer', async () => {
    const { layer } = await drive()
    const said = saying('To <EMAIL_1>')
    const answer = { ...said, text: JSON.stringify('body' in said && said.body) }
    expect(await layer(async () => answer)(callOf(await chat(), bodyOf(mail)))).not.toHaveProperty('text')
  })

  test('something redacted: the caller’s own bytes are not sent', async () => {
    const { layer } = await drive()
    const asked = callOf(await chat(), bodyOf(mail))
    const answer = saying('Hello')
    const result = await layer(async (call) => {
      expect(call).not.toHaveProperty('source')
      return answer
    })({ ...asked, source: { body: asked.body, text: JSON.stringify(asked.body) } })
    expect(contentOf(result)).toBe('Hello')
  })

  test('the caller’s own body is not touched, and what nobody knows is passed on', async () => {
    const body = { ...bodyOf(mail), future: { field: [1, 'x'] } } as JsonObject
    const before = structuredClone(body)
    const { layer } = await drive()
    await layer(async (call) => {
      expect(call.body.future).toBe(body.future)
      return saying('')
    })(callOf(await chat(), body))
    expect(body).toEqual(before)
  })

  test('counts stand in the report and in the event, values nowhere', async () => {
    const { policies, report } = await pass(`${mail} ${mail}`)
    expect(report.redactions).toEqual({ EMAIL_ADDRESS: 2, CREDIT_CARD: 2 })
    expect(policies).toEqual([
      {
        callId: 'call_test',
        guard: 'redact',
        action: 'redact',
        direction: 'request',
        found: { EMAIL_ADDRESS: 2, CREDIT_CARD: 2 },
      },
    ])
    expect(JSON.stringify([policies, report])).not.toMatch(/acme|4111/)
  })

  test('descriptions of tools are left alone unless asked for', async () => {
    const body = { ...bodyOf('a'), tools: [{ type: 'function', function: { name: 'f', description: 'ask a.b@acme.com' } }] }
    for (const tools of [false, true]) {
      const { layer } = await drive({ tools })
      await layer(async (call) => {
        expect(JSON.stringify(call.body).includes('acme')).toBe(!tools)
        return saying('')
      })(callOf(await chat(), body as JsonObject))
    }
  })

  test('descriptions of a server of tools are looked at with those of tools', async () => {
    const { layer } = await drive({ tools: true })
    const responses = (await protocolNamed('openai-responses')) as Protocol
    const tools = [{ type: 'mcp', server_label: 's', server_description: 'ask a.b@acme.com' }]
    let sent: unknown
    await layer(async (call) => {
      sent = call.body.tools
      return whole({})
    })(callOf(responses, { input: 'Hello', tools }))
    expect(sent).toMatchObject([{ server_description: 'ask <EMAIL_1>' }])
  })

  test('a card in a JSON number is taken out too', async () => {
    const { leaving } = await pass('{"card": 4111111111111111, "n": 3}')
    expect(leaving).toBe('{"card": "<CARD_1>", "n": 3}')
  })

  test.each([
    ['anthropic-messages', 'anthropic-claude-v1'],
    ['gemini', 'google-gemini-v1'],
  ] as const)('a thought that its vendor has signed goes back as it was: %s', async (name, format) => {
    const { protocol, request } = await speakerOf(name)
    const body = request({
      maxTokens: 10,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Mail a.b@acme.com' }] },
        {
          role: 'assistant',
          content: [
            {
              type: 'reasoning',
              text: 'Not c.d@example.org, but a.b@acme.com.',
              signature: { format, value: 'c2lnbmVk' },
            },
            { type: 'text', text: 'ok' },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: 'Go on' }] },
      ],
    })
    const { layer } = await drive()
    let sent = ''
    await layer(async (call) => {
      sent = JSON.stringify(call.body)
      return whole({})
    })(callOf(protocol, body))
    expect(sent).not.toContain('acme')
    expect(sent).toMatch(/Not c\.d@example\.org, but <EMAIL_1>\.".*"c2lnbmVk"/)
  })
})

test('a thought that its vendor has signed goes back as it was, in the spelling of Python too', async () => {
  const { protocol } = await speakerOf('gemini')
  const thought = { text: 'Not c.d@example.org.', thought: true, thought_signature: 'c2lnbmVk' }
  const body = { contents: [{ role: 'model', parts: [thought] }] } as JsonObject
  const { layer } = await drive()
  let sent: unknown
  await layer(async (call) => {
    sent = call.body
    return whole({})
  })(callOf(protocol, body))
  expect(sent).toEqual(body)
})

/** Ours, as the AI SDK's own providers have it, and as LangChain's messages bring it along. */
test.each([
  { leash: { signature: { format: 'anthropic-claude-v1', value: 'c2lnbmVk' } } },
  { anthropic: { signature: 'c2lnbmVk' } },
  { google: { thoughtSignature: 'c2lnbmVk' } },
])('a thought of the AI SDK that was signed goes back as it was: %j', async (providerOptions) => {
  const protocol = await protocolNamed('ai-sdk')
  if (!protocol) throw new Error('No protocol.')
  const thought = { type: 'reasoning', text: 'Not c.d@example.org, but a.b@acme.com.' }
  const body: JsonObject = {
    prompt: [
      { role: 'user', content: [{ type: 'text', text: 'Mail a.b@acme.com' }] },
      { role: 'assistant', content: [{ ...thought, providerOptions }] },
    ],
  }
  const { layer } = await drive()
  await layer(async (call) => {
    expect(call.body).toMatchObject({
      prompt: [{}, { content: [{ text: 'Not c.d@example.org, but <EMAIL_1>.' }] }],
    })
    return whole({})
  })(callOf(protocol, body))
})

describe('images, sounds and files', () => {
  const image = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
  ]
  test('pass, unless told otherwise', async () => {
    expect(await pass(image, {}, 'ok')).toMatchObject({ outcome: 'ok', policies: [] })
  })
  test('are told of', async () => {
    const { outcome, policies } = await pass(image, { media: 'flag' }, 'ok')
    expect(outcome).toBe('ok')
    expect(policies).toMatchObject([{ action: 'flag', found: { images: 1 } }])
  })
  test('are refused', async () => {
    const { outcome, sent, policies } = await pass(image, { media: 'block' }, 'ok')
    expect(outcome).toMatchObject({ code: 'policy_blocked' })
    expect(sent).toBeUndefined()
    expect(policies).toMatchObject([{ action: 'block' }])
  })
  const parts = (...parts: object[]) => ({ contents: [{ role: 'user', parts }] })
  const given = (...parts: object[]) => ({ functionResponse: { name: 'f', response: {}, parts } })
  test.each<[string, string, object]>([
    ['audio', 'openai-chat', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA' } }] }] }],
    ['files', 'openai-chat', { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }],
    ['files', 'openai-responses', { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] }],
    ['images', 'openai-responses', { prompt: { id: 'p', variables: { seen: { type: 'input_image', file_id: 'file-1' } } } }],
    ['files', 'openai-responses', { prompt: { id: 'p', variables: { read: { type: 'input_file', file_id: 'file-1' } } } }],
    ['files', 'anthropic-messages', { messages: [{ role: 'user', content: [{ type: 'document', source: {} }] }] }],
    ['audio', 'gemini', parts({ inlineData: { mimeType: 'audio/wav', data: 'AAAA' } })],
    ['files', 'gemini', parts({ fileData: { fileUri: 'gs://acme/a' } })],
    ['images', 'gemini', parts(given({ fileData: { mimeType: 'image/png', fileUri: 'gs://acme/a.png' } }))],
    [
      'images',
      'gemini',
      parts({ function_response: { parts: [{ file_data: { mime_type: 'image/png', file_uri: 'gs://a' } }] } }),
    ],
    ['files', 'gemini', parts(given({ fileData: { fileUri: 'gs://acme/a' } }))],
    ['images', 'gemini', { systemInstruction: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] } }],
    ['files', 'bedrock-converse', { messages: [{ role: 'user', content: [{ document: {} }] }] }],
    ['files', 'ai-sdk', { prompt: [{ role: 'user', content: [{ type: 'file', mediaType: 'application/pdf', data: {} }] }] }],
  ])('of every kind are, wherever they stand: %s, in %s, %j', async (kind, name, body) => {
    const protocol = await protocolNamed(name)
    if (!protocol) throw new Error('No protocol.')
    const { layer, policies } = await drive({ media: 'block' })
    await expect(layer(async () => whole({}))(callOf(protocol, body as JsonObject))).rejects.toMatchObject({
      code: 'policy_blocked',
    })
    expect(policies).toMatchObject([{ action: 'block', found: { [kind]: 1 } }])
  })
  test.each([[[9906, 1917]], [['Hello', [9906, 1917]]]])('and so are texts that are given as tokens: %j', async (input) => {
    const protocol = await protocolNamed('openai-embeddings')
    if (!protocol) throw new Error('No protocol.')
    const { layer, policies } = await drive({ media: 'block' })
    const call = callOf(protocol, { model: 'm', input } as JsonObject)
    await expect(layer(async () => whole({}))(call)).rejects.toMatchObject({ code: 'policy_blocked' })
    expect(policies).toMatchObject([{ action: 'block', found: { tokens: 1 } }])
    expect(await layer(async () => whole({}))(callOf(protocol, { model: 'm', input: ['Hello'] }))).toBeDefined()
  })
})

describe('an answer', () => {
  const own = 'Ask me@model.ai or <EMAIL_1>.'
  test.each<[string, RedactOptions, string]>([
    ['passes what the model wrote of itself', {}, 'Ask me@model.ai or a.b@acme.com.'],
    ['masks it', { response: 'mask' }, 'Ask **@*****.** or a.b@acme.com.'],
    ['drops it', { response: 'drop' }, 'Ask  or a.b@acme.com.'],
    ['counts it', { response: 'annotate' }, 'Ask me@model.ai or a.b@acme.com.'],
    ['by type', { entities: { EMAIL_ADDRESS: { response: 'mask' } } }, 'Ask **@*****.** or a.b@acme.com.'],
  ])('%s', async (_, options, outcome) => {
    expect(await pass('Mail a.b@acme.com', options, own)).toMatchObject({ outcome })
    // Streamed, it is the same.
    for (const name of chatProtocols) {
      const { protocol, request, stream, heardStream } = await speakerOf(name)
      const { layer, policies } = await drive(options)
      const body = request({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Mail a.b@acme.com' }] }], maxTokens: 9 })
      const call = callOf(protocol, body)
      const events = stream([{ kind: 'text', pieces: own.match(/.{1,3}/g) ?? [] }])
      const result = await layer(async () => streamed(framed(protocol, events), [7]))(call)
      const { bytes } = await read(result)
      expect(heardStream(unframed(protocol, bytes))[0], name).toMatchObject({ text: outcome })
      const [, after] = policies
      if (options.response === 'annotate')
        expect(after).toMatchObject({ action: 'annotate', direction: 'response', found: { EMAIL_ADDRESS: 1 } })
      else if (options.response) expect(call.report.redactions).toEqual({ EMAIL_ADDRESS: 2 })
    }
  })

  test('is refused', async () => {
    const { outcome, policies } = await pass('Hello', { response: 'block' }, 'Ask me@model.ai.')
    expect(outcome).toMatchObject({ code: 'policy_blocked', status: 403 })
    expect(outcome.message).not.toContain('model.ai')
    expect(policies).toMatchObject([{ action: 'block', direction: 'response', found: { EMAIL_ADDRESS: 1 } }])
  })

  test('masked inside JSON stays JSON', async () => {
    const { outcome } = await pass('Hello', { response: 'mask' }, '{"note": "line\\nme@model.ai"}')
    expect(JSON.parse(outcome)).toEqual({ note: 'line\n**@*****.**' })
  })
})

test.each([
  ['card 4111 1111 1111 1112, or NDExMSAxMTExIDExMTEgMTExMg==', `card **** **** **** 1112, or ${'*'.repeat(26)}==`],
  ['four one four two', '**** *** **** ***'],
  ['41 42', '** **'],
  ['𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟐', '**** **** **** 𝟏𝟏𝟏𝟐'],
])('nothing stays of a card whose last digits tell more than a card’s do: %s', async (said, expected) => {
  const ner = (text: string) =>
    text.startsWith('card') ? [] : [{ type: 'CREDIT_CARD' as const, start: 0, end: text.length, confidence: 1 }]
  expect((await pass(said, { mode: 'mask', ner })).leaving).toBe(expected)
})

test('of a card in full-width digits no more is shown than of any other', async () => {
  const { leaving } = await pass('カード ４１１１ １１１１ １１１１ １１１１ です', { mode: 'mask' })
  expect(leaving).toBe('カード **** **** **** １１１１ です')
})

test.each([
  ['"Ada \\u003cada@model.ai\\u003e wrote"', '"Ada \\u003c***@*****.**\\u003e wrote"', '"Ada \\u003c\\u003e wrote"'],
  ['"\\u00e9ada@model.ai and"', '"\\u00e9***@*****.** and"', '"\\u00e9 and"'],
  ['"C:\\\\ada@model.ai and"', '"C:\\\\***@*****.** and"', '"C:\\\\ and"'],
  ['"a: password: hunter2secret!\\""', '"a: password: *************!\\""', '"a: password: \\""'],
])('no escape is cut in two where a model streams arguments: %s', async (says, masked, dropped) => {
  for (const [response, expected] of [
    ['mask', masked],
    ['drop', dropped],
  ] as const) {
    const { protocol, request, stream, heardStream } = await speakerOf('openai-chat')
    for (const length of [1, 3, 100]) {
      const { layer } = await drive({ response })
      const pieces = `{"note":${says}}`.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []
      const body = request({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }], maxTokens: 9 })
      const answer = streamed(framed(protocol, stream([{ kind: 'arguments', pieces }])))
      const { bytes } = await read(await layer(async () => answer)(callOf(protocol, body)))
      expect(heardStream(unframed(protocol, bytes))[0]).toMatchObject({ arguments: `{"note":${expected}}` })
    }
  }
})

describe('what is found over something that is to be taken out does not hide it', () => {
  const said = 'see https://acme.com/?by=a.b@acme.com now'
  const everything = (type: string) => (text: string) => [{ type, start: 0, end: text.length, confidence: 1 }]
  const pattern = { patterns: [{ name: 'all', pattern: 'see.*' }] }
  test.each<[string, object]>([
    ['what a recogniser found and nobody asked for', { entities: ['EMAIL_ADDRESS'], ner: everything('PERSON') }],
    ['what a recogniser alone knows', { ner: everything('ORGANISATION') }],
    ['what a recogniser found and is only counted', { entities: { PERSON: 'annotate' }, ner: everything('PERSON') }],
    ['what is only counted', { entities: { URL: 'annotate' } }],
    ['a pattern that only counts', { entities: { CUSTOM: 'annotate' }, ...pattern }],
    ['a pattern that is off', { entities: { CUSTOM: false }, ...pattern }],
  ])('%s', async (_, options) => {
    const { leaving, outcome, report } = await pass(said, options as RedactOptions)
    expect(leaving).toBe('see https://acme.com/?by=<EMAIL_1> now')
    expect(outcome).toBe(said)
    expect(report.redactions).toEqual({ EMAIL_ADDRESS: 1 })
  })

  test('what is only counted, in an answer', async () => {
    const options: RedactOptions = { entities: { EMAIL_ADDRESS: { response: 'mask' }, URL: { response: 'annotate' } } }
    const { outcome, policies } = await pass('Hello', options, `${said}, or https://example.net/x`)
    expect(outcome).toBe('see https://acme.com/?by=*.*@****.*** now, or https://example.net/x')
    expect(policies).toMatchObject([{ action: 'redact' }, { action: 'annotate', found: { URL: 1 } }])
  })

  test('a recogniser is asked once for a text', async () => {
    const asked: string[] = []
    const ner = (text: string) => {
      asked.push(text)
      return [{ type: 'PERSON' as const, start: 0, end: 3, confidence: 1 }]
    }
    const { policies } = await pass('see a.b@acme.com', { entities: { PERSON: 'annotate' }, ner })
    expect(asked).toEqual(['see a.b@acme.com'])
    expect(policies).toMatchObject([{ action: 'annotate', found: { PERSON: 1 } }, { action: 'redact' }])
  })
})

describe('when looking fails', () => {
  const ner = () => {
    throw new TypeError('cannot read a.b@acme.com')
  }
  test('the call is refused, without the error’s own words', async () => {
    const { outcome, sent, policies } = await pass(mail, { ner })
    expect(outcome).toMatchObject({ code: 'policy_blocked' })
    expect(outcome.message).toContain('TypeError')
    expect(`${outcome.message} ${outcome.cause}`).not.toContain('acme')
    expect(sent).toBeUndefined()
    expect(policies).toMatchObject([{ action: 'fail' }])
  })
  test('or sent as it is, when that was asked for', async () => {
    expect(await pass(mail, { ner, onError: 'open' })).toMatchObject({
      leaving: mail,
      outcome: mail,
      policies: [{ action: 'fail' }],
    })
  })
  test('a recogniser of one’s own is asked', async () => {
    const found = async (text: string) => [
      { type: 'PERSON' as const, start: text.indexOf('Ada'), end: text.indexOf('Ada') + 3, confidence: 0.9 },
    ]
    const options = { ner: found, entities: ['PERSON'] } satisfies RedactOptions
    expect(await pass('I am Ada.', options)).toMatchObject({ leaving: 'I am <PERSON_1>.', outcome: 'I am Ada.' })
  })
})

test.each<[RedactOptions, string]>([
  [{}, 'Dear <PERSON_1>'],
  [{ entities: { PERSON: false } }, 'Dear John Smith'],
  [{ response: 'mask' }, 'Dear <PERSON_1>'],
])('a recogniser names people in requests, unless they are left out, and in no answer: %j', async (options, leaving) => {
  const ner = () => [{ type: 'PERSON' as const, start: 5, end: 15, confidence: 1 }]
  const said = 'Dear John Smith'
  expect(await pass(said, { ...options, ner }, 'My name is Sarah Miller')).toMatchObject({
    leaving,
    outcome: 'My name is Sarah Miller',
  })
})

test.each([
  { start: -1, end: 3, confidence: 1 },
  { start: 3, end: 3, confidence: 1 },
  { start: 0, end: 100, confidence: 1 },
  { start: 0, end: 3, confidence: 2 },
  { start: 0, end: 3, confidence: -1 },
])('a recogniser that answers nonsense is not believed, whatever it names: %j', async (place) => {
  const { outcome } = await pass('I am Ada.', { entities: ['EMAIL_ADDRESS'], ner: () => [{ type: 'PERSON', ...place }] })
  expect(outcome).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('ner answered') })
})

test('words of one’s own tell what a value is', async () => {
  const options: RedactOptions = { context: { PHONE_NUMBER: ['Durchwahl'] } }
  expect((await pass('Durchwahl 6512347')).leaving).toBe('Durchwahl 6512347')
  expect((await pass('Durchwahl 6512347', options)).leaving).toBe('Durchwahl <PHONE_1>')
})

test('a value is counted as often as it is found, also where nothing tells what it is', async () => {
  const said = 'password: Hunter2secret and so Hunter2secret'
  expect((await pass(said)).report.redactions).toEqual({ PASSWORD: 2 })
  const { policies } = await pass('a.b@acme.com or c.d@acme.com', { mode: 'annotate' })
  expect(policies).toMatchObject([{ action: 'annotate', found: { EMAIL_ADDRESS: 2 } }])
})

/** Nobody refuses those when they are changed. */
test.each<[string, JsonObject]>([
  ['openai-chat', { messages: [{ role: 'assistant', reasoning_content: 'Mail a.b@acme.com', content: 'Hi' }] }],
  [
    'anthropic-messages',
    { messages: [{ role: 'assistant', content: [{ type: 'thinking', thinking: 'Mail a.b@acme.com', signature: '' }] }] },
  ],
  ...[undefined, null, { openai: { itemId: 'rs_1' } }, { openai: null }, { openai: 'x' }].map(
    (providerOptions): [string, JsonObject] => [
      'ai-sdk',
      {
        prompt: [
          {
            role: 'assistant',
            content: [
              { type: 'reasoning', text: 'Mail a.b@acme.com', ...(providerOptions !== undefined && { providerOptions }) },
            ],
          },
        ],
      },
    ],
  ),
])('a thought that nobody has signed is looked at: %s %j', async (name, body) => {
  const { layer } = await drive()
  const sent = layer(async (call) => {
    expect(JSON.stringify(call.body)).toContain('Mail <EMAIL_1>')
    return whole({})
  })(callOf((await protocolNamed(name)) as Protocol, body))
  expect(await sent).toMatchObject({ body: {} })
})

describe('in a conversation', () => {
  const value = 'say "x" a.b@acme.com'
  async function spoken(conversations: number | undefined, last: string) {
    const { layer } = await drive({ deny: [value], ...(conversations !== undefined && { conversations }) })
    const ask = async (content: string, says: string) =>
      contentOf(await layer(async () => saying(says))(callOf(await chat(), bodyOf(content), { conversation: 'c' })))
    await ask(`Mail ${value}`, 'Done')
    return ask(last, 'To <CUSTOM_1>')
  }

  test('a placeholder comes back whose value was said before', async () => {
    expect(await spoken(undefined, 'And now?')).toBe(`To ${value}`)
    expect(await spoken(0, 'And now?')).toBe('To <CUSTOM_1>')
  })

  test('a value is taken out wherever it stands, once it was found in an earlier call', async () => {
    const { layer } = await drive()
    const sent: JsonObject[] = []
    const reports = []
    for (const [content, conversation] of [
      ['password: Hunter2secret', 'c'],
      ['Is Hunter2secret a good one?', 'c'],
      ['Is Hunter2secret a good one?', 'd'],
    ] as const) {
      const call = callOf(await chat(), bodyOf(content), { conversation })
      await layer(async ({ body }) => {
        sent.push(body)
        return saying('Yes')
      })(call)
      reports.push(call.report.redactions)
    }
    expect(sent).toEqual(['password: <PASSWORD_1>', 'Is <PASSWORD_1> a good one?', 'Is Hunter2secret a good one?'].map(bodyOf))
    expect(reports).toEqual([{ PASSWORD: 1 }, { PASSWORD: 1 }, undefined])
  })

  test('what the caller himself writes like a placeholder is none', async () => {
    expect(await spoken(undefined, 'What is <CUSTOM_1>?')).toBe('To <CUSTOM_1>')
  })
})

test.each<[string, RedactOptions]>([
  ['hashKey', { mode: 'hash' }],
  ['no type', { entities: { EMAIL: 'mask' } as never }],
  ['no entities', { entities: [] }],
  [
    'nothing to look for',
    { entities: { ...Object.fromEntries(['EMAIL_ADDRESS'].map((type) => [type, false])) }, mode: 'annotate', minConfidence: 2 },
  ],
])('options that make no sense are refused: %s', async (_, options) => {
  await expect(drive(options)).rejects.toMatchObject({ code: 'invalid_config' })
})

test.each<[string, RedactOptions]>([
  ['without a word of what is looked for', {}],
  ['beside what becomes of others', { entities: { EMAIL_ADDRESS: 'mask' } }],
])('a recogniser names people and places %s', async (_, options) => {
  const ner = () => [{ type: 'PERSON', start: 0, end: 3, confidence: 0.9 } as const]
  const { leaving, outcome } = await pass('Ada is here', { ...options, ner }, '<PERSON_1> met Grace Hopper')
  expect(leaving).toBe('<PERSON_1> is here')
  // Nobody asked to have answers guessed at.
  expect(outcome).toBe('Ada met Grace Hopper')
})

test.each([
  ['aborted', () => ({ signal: AbortSignal.timeout(20) })],
  ['deadline_exceeded', () => ({ deadline: Date.now() + 20 })],
])('nobody waits for a recogniser that never answers longer than the call may take: %s', async (code, stops) => {
  const { layer } = await drive({ ner: () => new Promise(() => {}) })
  const asked = layer(async () => whole({}))({ ...callOf(await chat(), bodyOf('Ada is here')), ...stops() })
  await expect(asked).rejects.toMatchObject({ code })
})

test('a recogniser that does not say how sure it is is refused, and nothing is sent', async () => {
  const ner = () => [{ type: 'PERSON', start: 0, end: 3 }] as never
  const { outcome, sent } = await pass('Ada is here', { ner })
  expect(outcome).toMatchObject({ code: 'invalid_config', message: expect.stringContaining('confidence') })
  expect(sent).toBeUndefined()
})

test.each([
  ['openai-embeddings', { model: 'm', input: ['Mail a.b@acme.com', 'plain'] }],
  ['gemini-embeddings', { requests: [{ content: { parts: [{ text: 'Mail a.b@acme.com' }] } }] }],
  ['gemini-embeddings', { instances: [{ content: 'Mail a.b@acme.com' }] }],
  ['bedrock-embeddings', { inputText: 'Mail a.b@acme.com' }],
  ['bedrock-embeddings', { texts: ['Mail a.b@acme.com'], input_type: 'search_query' }],
  ['ai-sdk-embeddings', { values: ['Mail a.b@acme.com'] }],
] as const)('embeddings are made of what may leave: %s', async (name, body) => {
  const { layer } = await drive()
  const protocol = (await protocolNamed(name)) as Protocol
  let sent = ''
  await layer(async (call) => {
    sent = JSON.stringify(call.body)
    return whole({ data: [] })
  })(callOf(protocol, structuredClone(body) as unknown as JsonObject))
  expect(sent).toBe(JSON.stringify(body).replace('a.b@acme.com', '<EMAIL_1>'))
})
