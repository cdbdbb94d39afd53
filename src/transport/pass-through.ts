/** The lane where caller and target speak the same protocol: nothing is decoded that need not be. */
import { type Call, type Loss, type Result, textOf } from '../core/call.js'
import { LeashError } from '../core/errors.js'
import { isObject, lastMembers } from '../core/json.js'
import { LazyAnswer } from '../core/lazy-answer.js'
import { into } from '../protocols/into.js'
import type { Underway } from './attempt.js'
import { ObservedStream } from './observed.js'
import { maxAnswerLength, readText } from './read-text.js'

/**
 * A stream without content of its own is handed on after this many milliseconds, unless the call has a `firstTokenMs`:
 * most failures come at once, and a model that thinks for minutes must not leave its caller without a sign.
 */
const patience = 2000

/** OpenRouter and others answer 200 before they know that they cannot. */
const toldFailure = /^\s*\{\s*"error"\s*:\s*(\{|"[^"])/

export async function passThrough(underway: Underway): Promise<Result> {
  const { call, own, clock } = underway
  const { provider, model, origin } = call.target
  // What the caller's own SDK addressed to this very server is the caller's to word; only what we put into its history is not.
  const traits = origin ? { carriers: !origin.isVendor } : provider.traits(model)
  // Azure's SDKs name it in the address alone, where no other server looks.
  const isNamed = model === call.model && (origin || call.body.model !== undefined)
  let body = isNamed ? call.body : own.withModel(call.body, model)
  if (own.adapt) {
    const losses: Loss[] = []
    body = own.adapt(body, traits, into(losses))
    noteLosses(call, losses)
  }
  const renewing = call.attempt > 1 ? origin?.renew?.(call.attempt) : undefined
  if (renewing) clock.enter('attemptMs')
  const again = renewing && (await underway.unlessStopped(renewing))
  // Without the caller's text, the body is no longer the one that its SDK would make anew.
  const written = body === call.body ? textOf(call) : undefined
  const text = written === undefined ? undefined : (again?.text ?? written)
  const asked = call.stream ? own.askUsage?.(body, text, traits) : undefined
  const response = await underway.exchange(body, asked?.text ?? text, again?.headers)
  const { status, headers } = response
  if (call.stream && response.body && isEventStream(headers)) {
    const stream = new ObservedStream(response.body, underway, {
      tap: own.lens.tap(),
      filter: asked?.hide(),
      refused: (error, text) => refused(error, text, own.name, response),
    })
    clock.enter('firstTokenMs')
    await stream.prime(call.timeouts.firstTokenMs === undefined ? patience : undefined)
    underway.streaming()
    return { stream: true, status, headers, body: stream, response, attempt: underway.record }
  }
  const read = await readText(response, maxAnswerLength)
  if (toldFailure.test(read)) {
    const failure = own.decodeError({ status, headers, text: read })
    underway.record.status = failure.status
    throw failure
  }
  const answer = new LazyAnswer({ status, headers, response, attempt: underway.record }, read, parseAnswer)
  // Most callers parse it themselves, so here only its end is looked at, where the usage stands.
  const { lens } = own
  const atEnd = isJson(headers) && !lens.besideMarks?.some((mark) => read.includes(mark))
  const tail = atEnd && lens.usageMembers ? lastMembers(read, lens.usageMembers) : undefined
  const usage = (tail && lens.usage(tail)) ?? lens.usage(answer.body)
  underway.used(usage, lens.tier?.(tail ?? answer.body))
  underway.answer = answer
  const failure = own.failureIn?.(read)
  if (failure) throw refused(failure, read, own.name, response)
  // Gemini streams a list of JSON to who asks for no events: that is handed on as it is.
  const isWhole = call.stream && (isObject(answer.body) || (Array.isArray(answer.body) && !own.listed))
  const streamed = isWhole ? await (await import('./replayed.js')).asStream(underway, answer) : undefined
  underway.end(undefined)
  return streamed ?? answer
}

/** What an answer tells of its own failure. The caller's SDK reads it as it would have read it from the vendor. */
function refused(error: LeashError, text: string, protocol: string, { status, headers }: Response): LeashError {
  const { code, detail, retryable, param } = error
  return new LeashError(code, detail, { retryable, param, upstream: { protocol, status, headers, text } })
}

/** Writes the losses of a translation into the report; `strict` refuses the call instead, before anything is sent. */
export function noteLosses(call: Call, losses: readonly Loss[]): void {
  const dropped = call.options.strict ? losses.filter(({ action }) => action === 'dropped') : []
  if (dropped.length > 0) {
    const list = dropped.map(({ path, why }) => `${path} (${why})`).join('; ')
    throw new LeashError(
      'translation_loss',
      `The target cannot take part of this request, and \`strict\` forbids leaving it out: ${list}.`,
    )
  }
  // Another attempt at the same target loses the same again.
  const { warnings } = call.report
  warnings.push(...losses.filter((loss) => !warnings.some(({ path, why }) => path === loss.path && why === loss.why)))
}

/** Asked where a stream is due: what is no JSON is taken for one. Proxies that hand on a body forget its headers, or make it plain text. */
export function isEventStream(headers: Headers): boolean {
  return !headers.get('content-type')?.includes('json')
}

/** An answer that does not say what it is, is taken for JSON. */
function isJson(headers: Headers): boolean {
  const type = headers.get('content-type')
  return !type || type.includes('json')
}

export function parseAnswer(text: string, headers: Headers, parse: (text: string) => unknown = JSON.parse): unknown {
  if (!isJson(headers)) return text
  try {
    const answer = parse(text)
    if (isObject(answer) || Array.isArray(answer)) return answer
  } catch (cause) {
    throw new LeashError(
      'upstream_malformed',
      'The upstream answered with text that is not JSON, or was cut. Send the call again.',
      { retryable: true, cause },
    )
  }
  throw new LeashError('upstream_malformed', 'The upstream answered with JSON that is not an object.', { retryable: true })
}
