/** Our buckets against the vendors' own totals, in everything that was recorded. */
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/core/events.js'
import { asNumber, asObject, parseJson } from '../../src/core/json.js'
import { inputTotal, outputTotal, total, type Usage } from '../../src/core/usage.js'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js'
import { bedrockConverse } from '../../src/protocols/bedrock-converse/index.js'
import { gemini } from '../../src/protocols/gemini/index.js'
import { openaiChat } from '../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../src/protocols/openai-responses/index.js'
import type { ChatProtocol } from '../../src/protocols/protocol.js'
import { bytesOf, decodeContext, decodeStream } from '../helpers/decode.js'
import { type Recording, recordings } from '../helpers/recorded.js'

type Told = Readonly<Record<string, unknown>>

/** What a vendor says the whole is: all of it, or what went in and what came out. Undefined: it says nothing of the kind. */
interface Totals {
  readonly all?: number | undefined
  readonly input?: number | undefined
  readonly output?: number | undefined
}

const sum = (told: Told, ...names: string[]) => names.reduce((sum, name) => sum + (asNumber(told[name]) ?? 0), 0)

const vendors: readonly { readonly protocol: ChatProtocol; readonly member: string; readonly totals: (told: Told) => Totals }[] =
  [
    {
      protocol: openaiChat,
      member: 'usage',
      totals: (told) => ({ all: asNumber(told.total_tokens), input: asNumber(told.prompt_tokens) }),
    },
    {
      protocol: openaiResponses,
      member: 'usage',
      totals: (told) => ({
        all: asNumber(told.total_tokens),
        input: asNumber(told.input_tokens),
        output: asNumber(told.output_tokens),
      }),
    },
    {
      protocol: anthropicMessages,
      member: 'usage',
      totals: (told) => ({
        input: sum(told, 'input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'),
        output: asNumber(told.output_tokens),
      }),
    },
    { protocol: gemini, member: 'usageMetadata', totals: (told) => ({ all: asNumber(told.totalTokenCount) }) },
    {
      protocol: bedrockConverse,
      member: 'usage',
      totals: (told) => ({
        all: asNumber(told.totalTokens),
        input: sum(told, 'inputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'),
        output: asNumber(told.outputTokens),
      }),
    },
  ]

type Recorded = Recording & { response: { body_base64?: string } }

interface Case {
  readonly file: string
  readonly usage: Usage
  readonly totals: Totals
}

function caseOf({ protocol, member, totals }: (typeof vendors)[number], recording: Recorded): Case[] {
  const { sse, body, body_base64: binary, status } = recording.response
  if (status >= 400) return []
  const bytes =
    sse !== undefined ? bytesOf(sse) : binary !== undefined ? new Uint8Array(Buffer.from(binary, 'base64')) : undefined
  const told: Told = {}
  let usage: Usage | undefined
  try {
    if (bytes) {
      usage = collect(decodeStream(protocol, bytes)).usage
      const events = protocol.framing.unframer(({ data }) => Object.assign(told, toldIn(parseJson(data), member)))
      events.push(bytes)
      events.end()
    } else {
      usage = protocol.upstream.decodeResponse(body, decodeContext()).usage
      Object.assign(told, toldIn(body, member))
    }
  } catch {
    // The vendor's failure is what was recorded.
    return []
  }
  return usage && Object.keys(told).length > 0 ? [{ file: recording.file, usage, totals: totals(told) }] : []
}

/** Later events say what has changed. */
function toldIn(body: unknown, member: string): Told {
  const { message, response, x_groq, ...rest } = asObject(body)
  const found = [rest, asObject(message), asObject(response), asObject(x_groq)].map((holder) => asObject(holder[member]))
  return Object.fromEntries(found.flatMap((usage) => Object.entries(usage).filter(([, value]) => value !== null)))
}

const cases = vendors.flatMap((vendor) =>
  recordings(vendor.protocol.name).flatMap((recording) =>
    caseOf(vendor, recording as Recorded).map((one) => ({ protocol: vendor.protocol.name, ...one })),
  ),
)

describe('the buckets of recorded traffic', () => {
  test('are there for every protocol', () => {
    expect(new Set(cases.map(({ protocol }) => protocol)).size).toBe(vendors.length)
    expect(cases.length).toBeGreaterThan(40)
  })

  test.each(cases)('$protocol/$file: sum to the vendor’s totals', ({ usage, totals: { all, input, output } }) => {
    expect([all, input, output].filter((told) => told !== undefined).length).toBeGreaterThan(0)
    if (all !== undefined) expect(total(usage)).toBe(all)
    if (input !== undefined) expect(inputTotal(usage)).toBe(input)
    if (output !== undefined) expect(outputTotal(usage)).toBe(output)
    for (const tokens of Object.values(usage)) expect(tokens).toBeGreaterThanOrEqual(0)
  })
})
