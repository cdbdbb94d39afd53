/** What goes out and comes back is what it was, and nothing of it was seen on the way: in every protocol, for any text. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type JsonObject, parseJson } from '../../../src/core/json.js'
import type { AssistantPart, ChatRequest } from '../../../src/core/message.js'
import type { RedactOptions } from '../../../src/middleware/redact/options.js'
import { callOf, type Driven, drive, driveModule, framed, read, streamed, unframed, whole } from './drive.js'
import { chatProtocols, type Said, type Speaker, speakerOf } from './speakers.js'

/** Of every kind, with signs that JSON, addresses and Markdown would escape. */
const values = [
  'john.doe@acme.com',
  'o+brien_7@mail.example.co.uk',
  '4111 1111 1111 1111',
  'GB82 WEST 1234 5698 7654 32',
  '+14155552671',
  '10.20.30.40',
  'o"dd\\va\nlue ✓',
  '{"secret": [1]}',
  '<b>bold & brave</b>',
]
const options: RedactOptions = { deny: values.slice(-3) }

/** What a user may write that means something to us. */
const noise = [
  ...[
    '<',
    '>',
    '<<',
    '\\',
    '\\\\',
    '&',
    '&lt;',
    '%3C',
    '\\u003c',
    '"',
    '\n',
    '{',
    '[1, ',
    '**',
    '`',
    'ünï',
    '🦊',
    '<div>',
    '</EMAIL>',
  ],
  ...[
    '<EMAIL_1>',
    '<email_2>',
    '&lt;CUSTOM_1&gt;',
    '\\u003cCARD_1\\u003e',
    '%3CPHONE_1%3E',
    'EMAIL_1',
    '<EMAIL',
    '_1>',
    '<IBAN\\_1>',
  ],
]

const words = fc.array(fc.oneof(fc.constantFrom(...values), fc.constantFrom(...noise), fc.lorem({ maxCount: 3 })), {
  maxLength: 8,
})
/** Each piece stands by itself: whether a value is found when it is glued to another word is the detector's affair. */
const texts = words.map((words) => `- ${words.join(' ')} .`)
const encodings: readonly ((value: string) => string)[] = [
  (value) => value,
  encodeURIComponent,
  (value) => btoa(String.fromCharCode(...new TextEncoder().encode(value))),
  (value) => JSON.stringify(value).slice(1, -1),
]

const conversations: fc.Arbitrary<ChatRequest> = fc
  .record({ system: texts, user: texts, said: texts, argument: texts, result: texts, json: fc.boolean(), encoding: fc.nat(3) })
  .map(({ system, user, said, argument, result, json, encoding }) => {
    const list = values.slice(0, 6).join(' ; ')
    const args = JSON.stringify({ note: argument, list: [{ inner: said }] })
    const spelt = `${values.map((value) => encodings[encoding]?.(value)).join(' ')} ${result}`
    const answer = json ? JSON.stringify({ note: result, list: [argument] }) : spelt
    const part = (text: string) => ({ type: 'text', text }) as const
    return {
      messages: [
        { role: 'system', content: [part(system)] },
        { role: 'user', content: [part(`${user} ${values.join(' ; ')}`)] },
        { role: 'assistant', content: [part(said), { type: 'tool-call', id: 'call_1', name: 'look', arguments: args }] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'call_1', name: 'look', content: [part(answer)] }] },
        { role: 'user', content: [part(list)] },
      ],
      maxTokens: 100,
    }
  })

/** How a model may write a placeholder that it has read. */
const spellings: readonly ((token: string) => string)[] = [
  (token) => `<${token}>`,
  (token) => `<${token.toLowerCase()}>`,
  (token) => `\\u003c${token}\\u003e`,
  (token) => `&lt;${token}&gt;`,
  (token) => `%3C${token}%3E`,
  (token) => `< ${token} >`,
]

interface Telling {
  /** The text of the request that the model says again. */
  readonly which: number
  readonly spelling?: number
  /** As the arguments of a tool call. */
  readonly call?: boolean
  /** Of the pieces in which it is streamed. */
  readonly lengths?: readonly number[]
}

const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 })
const tellings: fc.Arbitrary<Telling> = fc.record({
  which: fc.nat(20),
  spelling: fc.nat(spellings.length - 1),
  call: fc.boolean(),
  lengths,
})

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return isJson(value) ? [value, ...stringsIn(meant(value))] : [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

/** The texts of a body by their order, as its protocol tells. */
function textsOf({ protocol }: Speaker, body: JsonObject): string[] {
  const found: string[] = []
  protocol.lens.replaceRequest(body, (text) => {
    found.push(text)
    return text
  })
  return found
}

function respelt(redacted: string, original: string, spelling: number): string {
  const own = new Set(Array.from(original.matchAll(/[a-z]+\\*_\d+/gi), ([token]) => token.toUpperCase()))
  return redacted.replace(/<([A-Z]+_\d+)>/g, (placeholder, token) =>
    own.has(token) ? placeholder : (spellings[spelling]?.(token) ?? ''),
  )
}

function cut(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = []
  for (let at = 0, piece = 0; at < text.length; piece++) {
    const length = lengths[piece % lengths.length] ?? 1
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}

const plainOf = (part: AssistantPart | undefined): string =>
  part?.type === 'tool-call' ? part.arguments : part && 'text' in part ? part.text : ''

const isJson = (text: string): boolean => typeof meant(text) === 'object'

/** JSON that means the same is the same. */
function meant(text: string): unknown {
  const value = parseJson(text)
  return typeof value === 'object' && value !== null ? value : text
}

const ways = chatProtocols.flatMap((name) => [
  { name, as: 'option', open: drive, runs: 100 },
  // The same machinery in another place: fewer runs show that it is.
  { name, as: 'module', open: driveModule, runs: 20 },
])

describe.each(ways)('$name, as an $as', ({ name, open, runs }) => {
  let driven: Driven
  let speaker: Speaker
  beforeAll(async () => {
    driven = await open(options)
    speaker = await speakerOf(name)
  })

  /** Sends a request, and has the model say one of its texts again, or call a tool with it. */
  async function echo(
    body: JsonObject,
    { which, spelling = 0, call = false, lengths = [9] }: Telling,
    answer: (said: Said) => ReturnType<typeof whole>,
  ) {
    let sent: JsonObject = {}
    let expected = ''
    const result = await driven.layer(async ({ body: received }) => {
      sent = received
      const before = textsOf(speaker, body)
      const chosen = which % before.length
      const original = before[chosen] ?? ''
      const said = respelt(textsOf(speaker, received)[chosen] ?? '', JSON.stringify(body), spelling)
      const asArguments = (text: string) => (isJson(text) ? text : JSON.stringify({ text }))
      expected = call ? asArguments(original) : original
      return answer({ kind: call ? 'arguments' : 'text', pieces: cut(call ? asArguments(said) : said, lengths) })
    })(callOf(speaker.protocol, body))
    return { result, sent, expected }
  }

  test('what leaves holds no value, in no spelling that is looked for', async () => {
    await fc.assert(
      fc.asyncProperty(conversations, tellings, async (request, telling) => {
        const { sent } = await echo(speaker.request(request), telling, (said) => whole(speaker.whole([said])))
        const all = stringsIn(sent)
        for (const value of values)
          for (const encoding of encodings) for (const text of all) expect(text).not.toContain(encoding(value))
      }),
      { numRuns: runs * 0.4 },
    )
  })

  test('a text that is said again comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(conversations, tellings, async (request, telling) => {
        const { result, expected } = await echo(speaker.request(request), telling, (said) => whole(speaker.whole([said])))
        if (result.stream) throw new Error('This is a stream.')
        expect(meant(plainOf(speaker.heard(result.body)[0]))).toEqual(meant(expected))
      }),
      { numRuns: runs },
    )
  })

  test('a text that is streamed again does too, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(conversations, tellings, lengths, async (request, telling, cuts) => {
        const { result, expected } = await echo(speaker.request(request), telling, (said) =>
          streamed(framed(speaker.protocol, speaker.stream([said])), cuts),
        )
        const { bytes, error } = await read(result)
        expect(error).toBeUndefined()
        expect(meant(plainOf(speaker.heardStream(unframed(speaker.protocol, bytes))[0]))).toEqual(meant(expected))
      }),
      { numRuns: runs },
    )
  })

  test('a stream comes back one byte at a time', async () => {
    const [request] = fc.sample(conversations, 1)
    const { result, expected } = await echo(speaker.request(request as ChatRequest), { which: 1, lengths: [1] }, (said) =>
      streamed(framed(speaker.protocol, speaker.stream([said])), [1]),
    )
    const { bytes } = await read(result)
    expect(plainOf(speaker.heardStream(unframed(speaker.protocol, bytes))[0])).toBe(expected)
  })
})
