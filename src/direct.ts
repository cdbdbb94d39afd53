/**
 * The straight way of a call whose request the SDK has built. Its own loop would have nothing to do for one that goes well:
 * the stack has the retries and timeouts. And still it sets timers, composes signals and words what nobody logs, which is a
 * quarter of a whole call. A call that fails goes through that loop after all, for its errors.
 */
import type OpenAI from 'openai'
import type { APIPromise } from 'openai'
import { whenEnded } from './core/report.js'
import type { LinkedAbort } from './core/signals.js'
import { reportBehind } from './leashed-headers.js'

export type Props = Awaited<ConstructorParameters<typeof APIPromise>[1]>
export type Built = Awaited<ReturnType<OpenAI['buildRequest']>>

/** What the SDK's loop is given instead of doing it again. */
export interface Failed {
  readonly built: Built
  readonly outcome: Promise<Response>
}

export const failed = Symbol('leashllm.failed')

/** The steps of the SDK's loop. Whoever replaces one, by a subclass or on an instance, wants it to be taken. */
const loopSteps: readonly string[] = [
  ...['methodRequest', 'request', 'responsePromise', 'parseResponseWithTimeout', 'makeRequest', 'prepareOptions'],
  ...['buildRequest', 'buildURL', 'buildBody', 'buildHeaders', 'stringifyQuery', 'defaultQuery', 'getUserAgent'],
  ...['authHeaders', 'bearerAuth', 'adminAPIKeyAuth', 'validateHeaders'],
  ...['prepareRequest', 'fetchWithAuth', 'fetchWithTimeout', 'shouldRetry', 'retryRequest'],
]

/** What the steps are by themselves, to compare a client's with. */
export function stepsOf(prototype: object): ReadonlyMap<string, unknown> {
  return new Map(loopSteps.map((step) => [step, Reflect.get(prototype, step)]))
}

export function takesSteps(client: object, own: ReadonlyMap<string, unknown>): boolean {
  for (const [step, taken] of own) if (Reflect.get(client, step) !== taken) return false
  return true
}

/** The SDK's words for its log are of no use where nobody logs. */
export function propsOf(options: Props['options'], response: Response, controller = new AbortController()): Props {
  return { response, options, controller, requestLogID: '', retryOfRequestLogID: undefined, startTime: Date.now() }
}

/** Lets go of the caller's signal once the stream of this response is over; at once where there is none. */
export function releaseAfter(response: Response | undefined, abort: LinkedAbort): void {
  const report = reportBehind(response?.headers)
  if (!response?.ok) abort.release()
  else if (report) void whenEnded(report).then(() => abort.release())
}

/** An answer that is at hand, as the SDK reads one: without a timer for its body. */
export async function readWhole({ response, options }: Props): Promise<unknown> {
  if (options.__binaryResponse) return response
  if (response.status === 204) return null
  const json = isJson(response.headers.get('content-type'))
  const text = await response.text()
  if (!json) return text
  // The caller's own: what layers have parsed, they may look at later.
  const answer: unknown = text === '' ? undefined : JSON.parse(text)
  identify(answer, response)
  return answer
}

/** As the SDK does with all that it makes of an answer. */
export function identify(answer: unknown, { headers }: Response): void {
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer))
    Object.defineProperty(answer, '_request_id', { value: headers.get('x-request-id'), enumerable: false })
}

function isJson(type: string | null): boolean {
  if (type === 'application/json') return true
  const media = type?.split(';', 1)[0]?.trim().toLowerCase()
  return media !== undefined && (media.includes('application/json') || media.endsWith('+json'))
}
