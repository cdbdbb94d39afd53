/** OpenAI's client and ours, side by side before the same server. */
import OpenAI from 'openai'
import { LeashLLM } from '../../src/client.js'
import { type Answer, type Sent, serveRecorded } from '../helpers/recorded.js'

const question = '"stream_options":{"include_usage":true}'

export interface Seen {
  readonly sent: Sent
  /** What `asResponse()` gives, read whole, or the error. */
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: string
  readonly error?: unknown
}

export interface Pair {
  readonly plain: Seen
  readonly leashed: Seen
}

/** Posts the body with both. */
export async function postBoth(path: string, body: object, answer: Answer): Promise<Pair> {
  await using server = await serveRecorded(answer)
  const options = { apiKey: 'key', baseURL: `${server.url}/v1`, maxRetries: 0, timeout: 10_000 }
  const see = async (client: OpenAI): Promise<Seen> => {
    const stream = 'stream' in body && body.stream === true
    const { status, headers, bytes, error } = await client
      .post(path, { body, stream })
      .asResponse()
      .then(
        async (response) => ({
          status: response.status,
          headers: Object.fromEntries(response.headers),
          bytes: await response.text(),
          error: undefined,
        }),
        (error: unknown) => {
          if (!(error instanceof OpenAI.APIError)) throw error
          const { status, headers } = error
          return { status, headers: Object.fromEntries(headers ?? []), bytes: '', error: describe(error) }
        },
      )
    const sent = server.sent.at(-1)
    if (!sent) throw new Error('Nothing was sent.')
    return { sent, status, headers, bytes, error }
  }
  return { plain: await see(new OpenAI(options)), leashed: await see(new LeashLLM(options)) }
}

function describe(error: InstanceType<typeof OpenAI.APIError>): object {
  const { name, message, status, code, param, type, requestID } = error
  return { class: error.constructor.name, name, message, status, code, param, type, requestID, body: error.error }
}

/** The request without what is documented to differ: the name of the client, and the question for a stream's usage. */
export function comparable({ line, headers, body }: Sent): object {
  const text = body.toString()
  const asked = text.endsWith(`,${question}}`)
  return {
    line,
    headers: headers.flatMap(([name, value]) => {
      if (name.toLowerCase() === 'user-agent') return [[name, value.replace(/^(?:OpenAI|LeashLLM)\//, '')]]
      return name.toLowerCase() === 'content-length' || name.toLowerCase() === 'host' ? [[name]] : [[name, value]]
    }),
    body: asked ? `${text.slice(0, -question.length - 2)}}` : text,
  }
}

/** The answer's headers without ours, and without those that would lie about a body that was decoded. */
export function comparableHeaders(headers: Readonly<Record<string, string>>): object {
  const left = /^x-leash-|^x-should-retry$|^content-(?:length|encoding)$|^date$/
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !left.test(name)))
}
