/** Recorded traffic through OpenAI's client and through ours: the same bytes go out, the same bytes come back. */
import { describe, expect, test } from 'vitest'
import { type Recording, recordings, wireBody } from '../helpers/recorded.js'
import { comparable, comparableHeaders, postBoth } from './pair.js'

/**
 * The recorded request; for a recording without one, a plain request that would have got that answer. Models that were named
 * after another provider (`openai/gpt-oss-120b` at Groq) would be taken for that provider's here, so they lose it.
 */
function bodyOf({ request, response }: Recording): object {
  if (request.body) return { ...request.body, model: String(request.body.model).replace(/^\w+\//, '') }
  const stream = response.sse === undefined ? {} : { stream: true, stream_options: { include_usage: true } }
  return { model: 'some-model', messages: [{ role: 'user', content: 'Hello' }], ...stream }
}

const asksUsage = (body: object) => JSON.stringify(body).includes('"include_usage":true')
const isUsageOnly = (event: string) => /"choices": ?\[ ?\]/.test(event) && /"usage": ?\{/.test(event)

describe.each([
  ['openai-chat', '/chat/completions'],
  ['openai-responses', '/responses'],
])('%s', (protocol, path) => {
  describe.each(recordings(protocol).map((recording) => [recording.file, recording] as const))('%s', (_, recording) => {
    const { response } = recording
    const streamed = response.sse !== undefined
    const body = bodyOf(recording)

    test.each(streamed ? [undefined, 7, 1] : [undefined])('is the same both ways, in pieces of %s bytes', async (pieces) => {
      const headers = { 'content-type': 'application/json', ...response.headers }
      const bytes = new TextEncoder().encode(wireBody(recording))
      const answer = { status: response.status, headers, body: bytes, ...(pieces && { pieces }) }
      const { plain, leashed } = await postBoth(path, body, answer)
      expect(comparable(leashed.sent)).toEqual(comparable(plain.sent))
      expect(leashed.status).toBe(plain.status)
      expect(leashed.error).toEqual(plain.error)
      expect(comparableHeaders(leashed.headers)).toEqual(comparableHeaders(plain.headers))
      if (!streamed || protocol !== 'openai-chat' || asksUsage(body)) return expect(leashed.bytes).toBe(plain.bytes)
      const events = plain.bytes.split(/(?<=\r?\n\r?\n)/)
      expect(leashed.bytes).toBe(events.filter((event) => !isUsageOnly(event)).join(''))
    })
  })
})
