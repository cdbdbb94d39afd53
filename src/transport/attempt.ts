/**
 * The innermost layer: one try at one target. It addresses and sends the request, reads the answer, and writes the
 * attempt into the report. Same protocol on both sides: the bytes pass through. Another: they are translated.
 */
import type { Attempt, Call } from '../core/call.js'
import type { Emitter } from '../core/emitter.js'
import { LeashError } from '../core/errors.js'
import type { Next } from '../core/middleware.js'
import type { Provider, WireRequest } from '../core/provider.js'
import { endReport } from '../core/report.js'
import { send, type Transport } from '../core/transport.js'
import type { Usage } from '../core/usage.js'
import { kindOf, protocolNamed, protocolNames } from '../protocols/index.js'
import type { Protocol } from '../protocols/protocol.js'
import { Clock } from './clock.js'
import { passThrough } from './pass-through.js'

export interface AttemptContext {
  readonly transport: Transport
  readonly emitter: Emitter
}

/** One attempt while it is under way: what the two lanes need to know of it. */
export interface Underway {
  readonly call: Call
  /** The caller's protocol. */
  readonly own: Protocol
  /** The target's protocol. */
  readonly theirs: Protocol
  readonly clock: Clock
  /** How long a stream is held back for its first content. */
  readonly patienceMs: number
  /** Sends a body that is already in the target's protocol. @throws LeashError when it fails or is refused */
  exchange(body: Call['body'], text?: string, headers?: Headers): Promise<Response>
  /** What a failed read means. */
  explain(error: unknown): LeashError
  answered(usage: Usage | undefined): void
  /** The stream goes to the caller: from now on the end of the attempt is the end of the call. */
  streaming(): void
  end(ending: LeashError | 'cancelled' | undefined): void
}

/**
 * A stream without content of its own is handed on after this many milliseconds, unless the call has a `firstTokenMs`:
 * most failures come at once, and a model that thinks for minutes must not leave its caller without a sign.
 */
const patience = 2000

export function attempt(context: AttemptContext): Next {
  return async function attempt(call) {
    const { provider, model } = call.target
    const mine = protocol(call.protocol)
    const own = mine instanceof Promise ? await mine : mine
    const other = protocol(chooseProtocol(provider, model, own))
    const theirs = other instanceof Promise ? await other : other
    const record: Attempt = { provider: provider.name, model, protocol: theirs.name, startedAt: Date.now(), outcome: 'pending' }
    call.report.attempts.push(record)
    const underway = begin(context, call, own, theirs, record)
    try {
      const result = await (own === theirs ? passThrough(underway) : (await import('./translate.js')).translate(underway))
      if (result.stream) {
        record.firstTokenMs = Date.now() - record.startedAt
        underway.answered(undefined)
        underway.streaming()
      }
      return result
    } catch (error) {
      const failure = underway.explain(error)
      if (record.status === undefined && failure.upstream) record.status = failure.upstream.status
      underway.end(failure)
      throw failure
    }
  }
}

function begin(context: AttemptContext, call: Call, own: Protocol, theirs: Protocol, record: Attempt): Underway {
  const clock = new Clock(call.timeouts, call.signal, call.deadline)
  let streaming = false
  const explain = (error: unknown) => clock.explain(error) ?? unexplained(error, record.provider)
  return {
    call,
    own,
    theirs,
    clock,
    patienceMs: call.timeouts.firstTokenMs ?? patience,
    explain,
    async exchange(body, text, headers) {
      clock.enter('attemptMs')
      if (clock.signal.aborted) throw explain(undefined)
      const response = await dispatch(context.transport, call, theirs, body, text, headers, clock.signal)
      record.status = response.status
      if (response.ok) return response
      throw theirs.decodeError({ status: response.status, headers: response.headers, text: await response.text() })
    },
    answered(usage) {
      const { report } = call
      report.provider = record.provider
      report.model = record.model
      if (usage) report.usage = record.usage = usage
    },
    streaming() {
      streaming = true
      if (record.outcome !== 'pending') endReport(call.report, context.emitter)
    },
    end(ending) {
      if (record.outcome !== 'pending') return
      clock.stop()
      record.durationMs = Date.now() - record.startedAt
      if (ending === undefined) record.outcome = 'ok'
      else if (ending === 'cancelled' || ending.code === 'aborted') record.outcome = 'cancelled'
      else {
        record.outcome = 'error'
        record.error = ending.code
      }
      if (context.emitter.heard('attempt')) context.emitter.emit('attempt', { ...record, callId: call.id })
      if (streaming) endReport(call.report, context.emitter)
    },
  }
}

/** The caller's own protocol when the target speaks it, else the first of the same kind. */
function chooseProtocol(provider: Provider, model: string, own: Protocol): string {
  const spoken = provider.protocolsFor?.(model) ?? provider.protocols
  if (spoken.includes(own.name)) return own.name
  const same = spoken.find((name) => kindOf(name) === own.kind)
  if (same) return same
  throw new LeashError(
    'unsupported',
    own.kind === 'embeddings'
      ? `The provider "${provider.name}" makes no embeddings. Choose a model of another provider.`
      : `The provider "${provider.name}" cannot serve a chat call for "${model}". Choose another model.`,
  )
}

function protocol(name: string): Protocol | Promise<Protocol> {
  const found = protocolNamed(name)
  if (found) return found
  throw new LeashError('invalid_config', `The protocol "${name}" is unknown. Known: ${protocolNames.join(', ')}.`)
}

function dispatch(
  transport: Transport,
  call: Call,
  theirs: Protocol,
  body: Call['body'],
  text: string | undefined,
  headers: Headers | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const { provider, model, origin } = call.target
  // The caller's SDK addressed it in its own protocol: another has another address.
  if (origin && theirs.name === call.protocol) {
    return (origin.transport ?? transport)(origin.url, {
      ...origin.init,
      method: 'POST',
      headers: headers ?? retryCounted(origin.headers, call.attempt),
      body: text ?? JSON.stringify(body),
      signal,
    })
  }
  return prepareAndSend(transport, provider, {
    protocol: theirs.name,
    model,
    stream: call.stream,
    body,
    ...(text !== undefined && { text }),
    headers: call.headers,
    signal,
  })
}

async function prepareAndSend(transport: Transport, provider: Provider, request: WireRequest): Promise<Response> {
  return send(transport, await provider.prepare(request), request.signal)
}

/** The vendors' SDKs tell the server which try this is; ours are counted in their stead, unless the caller set the header. */
function retryCounted(headers: Headers, attempt: number): Headers {
  if (attempt === 1 || headers.get('x-stainless-retry-count') !== '0') return headers
  const counted = new Headers(headers)
  counted.set('x-stainless-retry-count', String(attempt - 1))
  return counted
}

/** What neither the clock nor a protocol can explain: the connection's failure, or a body that we could not work with. */
function unexplained(error: unknown, provider: string): LeashError {
  if (error instanceof RangeError || error instanceof SyntaxError || error instanceof ReferenceError) {
    return new LeashError('invalid_request', 'The body could not be worked with: it may be nested too deeply.', { cause: error })
  }
  const why = error instanceof Error ? causeOf(error) : 'unknown reason'
  return new LeashError('network_error', `The connection to "${provider}" failed: ${why}. Check the network and the base URL.`, {
    retryable: true,
    cause: error,
  })
}

function causeOf(error: Error): string {
  const { cause } = error
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  return error.message
}
