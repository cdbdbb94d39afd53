/** The mock against the vendors themselves: it takes the requests that they took, and says nothing in another form than they do. */
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awsEventStream } from '../../src/protocols/framing/aws-eventstream.js'
import { sse } from '../../src/protocols/framing/sse.js'
import { type MockUpstream, startMock } from '../../src/testing/index.js'

interface Recorded {
  readonly request: { readonly url: string; readonly body: unknown }
  readonly response: { readonly status: number; readonly body?: unknown; readonly sse?: string; readonly body_base64?: string }
}

const all = globSync('tests/fixtures/{anthropic-messages,bedrock-converse,gemini,openai-chat,openai-responses}/*.json')
  .map((file) => [basename(file, '.json'), JSON.parse(readFileSync(file, 'utf8')) as Recorded] as const)
  .filter(([name, { request, response }]) => request?.body && response.status === 200 && !name.startsWith('cohere-'))
  .sort(([one], [other]) => (one < other ? -1 : 1))

/** Histories with signatures that only their own vendor can have made. */
const signed = /code-execution-files-cache-prefix|validated-accepts-what-auto-accepts/

/** Answers that are of the vendor's own making, not those of a compatible server. */
const firstParty = /^(openai-chat|openai-responses|anthropic-messages|gemini|vertex|bedrock-converse)-/

let mock: MockUpstream
beforeAll(async () => {
  mock = await startMock()
})
afterAll(() => mock.close())

async function replay({ request }: Recorded): Promise<{ status: number; bytes: Uint8Array }> {
  const { pathname, search } = new URL(request.url)
  const headers = { authorization: 'Bearer key', 'x-api-key': 'key', 'x-goog-api-key': 'key', 'anthropic-version': '2023-06-01' }
  const response = await fetch(mock.url + pathname + search, { method: 'POST', headers, body: JSON.stringify(request.body) })
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
}

test('there are recordings to compare with', () => {
  expect(all.length).toBeGreaterThan(40)
})

describe('the mock takes what a vendor took', () => {
  test.each(all.filter(([name]) => !signed.test(name)))('%s', async (_, recorded) => {
    const { status, bytes } = await replay(recorded)
    expect([status, new TextDecoder().decode(bytes).includes('"error":{')]).toEqual([200, false])
  })

  test.each(all.filter(([name]) => signed.test(name)))('but not the signatures of others: %s', async (_, recorded) => {
    const { status, bytes } = await replay(recorded)
    expect([status, new TextDecoder().decode(bytes)]).toEqual([400, expect.stringMatching(/signature/i)])
  })
})

/** Every path to a member, arguments left out: those are the tool's, not the vendor's. */
function* paths(value: unknown, at = ''): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* paths(item, `${at}[]`)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      yield `${at}.${name}`
      if (!['args', 'input', 'tools', 'text', 'text.format'].includes(name)) yield* paths(member, `${at}.${name}`)
    }
  }
}

function shapeOf({ response }: Recorded, bytes?: Uint8Array): Set<string> {
  if (response.body !== undefined) return new Set(paths(bytes ? JSON.parse(new TextDecoder().decode(bytes)) : response.body))
  const out = new Set<string>()
  const frames = (response.sse === undefined ? awsEventStream : sse).unframer(({ event = 'data', data }) => {
    if (data !== '[DONE]') for (const path of paths(JSON.parse(data), event)) out.add(path)
  })
  frames.push(
    bytes ?? (response.sse === undefined ? Buffer.from(response.body_base64 ?? '', 'base64') : Buffer.from(response.sse)),
  )
  return out
}

/** Documented, and in none of the recordings. */
const unrecorded = /\.id$|\.caller(\.type)?$|^\.candidates\[\]\.content\.parts\[\]\.thoughtSignature$/

describe('the mock says nothing that no answer of the vendor says', () => {
  const own = all.filter(([name]) => firstParty.test(name))
  const kindOf = (name: string) => /^.*?-(json|stream)/.exec(name)?.[0] ?? name
  const kinds = [...new Set(own.map(([name]) => kindOf(name)))].map(
    (kind) => [kind, own.filter(([name]) => kindOf(name) === kind)] as const,
  )
  test.each(kinds)('%s', async (_, recordings) => {
    const known = new Set(recordings.flatMap(([, recorded]) => [...shapeOf(recorded)]))
    const strange: string[] = []
    for (const [name, recorded] of recordings) {
      if (signed.test(name)) continue
      const { bytes } = await replay(recorded)
      for (const path of shapeOf(recorded, bytes)) if (!known.has(path) && !unrecorded.test(path)) strange.push(`${name} ${path}`)
    }
    expect(strange).toEqual([])
  })
})
