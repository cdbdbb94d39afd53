/** One chat call in the gateway's own words: OpenAI's shape, whoever answers, with all that is known of it. */
import type { CallOptions, Report, Result } from '../../core/call.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { isObject, type JsonObject } from '../../core/json.js'
import { whenEnded } from '../../core/report.js'
import { isTooDeep } from '../../core/too-deep.js'
import type { Incoming } from '../../engine.js'
import { protocolNamed } from '../../protocols/index.js'
import type { Protocol } from '../../protocols/protocol.js'
import { remoteFailure } from '../../remote-failure.js'
import type { Caller } from '../people/caller.js'
import { fits } from '../store/text.js'
import { callOptionsOf } from './call-options.js'
import type { Serving } from './gateway.js'
import { identityOf, namesOf } from './identity.js'

/** How the gateway's own requests read. */
const ownProtocol = 'openai-chat'

export interface Asked {
  readonly caller: Pick<Caller, 'tenant' | 'user' | 'id'>
  readonly serving: Serving
  /** The request, and beside it what `leash` says of the call. */
  readonly request: unknown
  readonly stream: boolean
  readonly options?: CallOptions
  readonly signal?: AbortSignal
}

export interface Ran {
  readonly protocol: Protocol
  readonly report: Report
  readonly result: Promise<Result>
}

/** @throws LeashError `invalid_request` before anything is sent */
export async function run({ caller, serving, request, stream, options, signal }: Asked): Promise<Ran> {
  const { leash, ...body } = checkRequest(request)
  const protocol = await protocolNamed(ownProtocol)
  if (!protocol) throw new LeashError('unsupported', 'The protocol of the gateway is not there.')
  const incoming: Incoming = {
    protocol,
    model: body.model,
    stream,
    body: { ...body, stream },
    headers: {},
    remote: true,
    options: { ...namesOf(caller, callOptionsOf(leash, serving.options)), ...options, ...identityOf(caller) },
    ...(signal && { signal }),
  }
  const { engine } = serving
  const { report, result } = engine.run(incoming)
  const told = result.catch((error: unknown) => {
    throw isLeashError(error) ? remoteFailure(error, engine, report) : error
  })
  return { protocol, report, result: told }
}

/** @throws LeashError `invalid_request` */
export function checkRequest(request: unknown): JsonObject & { model: string } {
  if (!isObject(request)) throw new LeashError('invalid_request', 'The request is an object: `{ "model", "messages" }`.')
  const { model, messages } = request
  if (typeof model !== 'string' || !isName(model)) throw wrong('model', 'the name of a model')
  if (isTooDeep(request)) throw tooDeep()
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject))
    throw wrong('messages', 'a list of messages')
  return { ...(request as JsonObject), model }
}

/** It is kept beside a job, and stands in lists. */
const isName = (model: string) => model !== '' && fits(model, 500)

const tooDeep = () => new LeashError('invalid_request', 'The request is nested too deeply.')
const wrong = (param: string, what: string) => new LeashError('invalid_request', `\`${param}\` is ${what}.`, { param })

export interface Answer {
  readonly body: JsonObject
  readonly report: Report
}

/** @throws Failed */
export async function answerOf(asked: Asked): Promise<Answer> {
  const { report, result } = await run(asked)
  try {
    const done = await result
    if (done.stream) throw new LeashError('upstream_malformed', 'The provider sent a stream that nobody had asked for.')
    await whenEnded(report)
    return { body: completionIn(done.body), report }
  } catch (error) {
    throw isLeashError(error) ? new Failed(error, report) : error
  }
}

/** What comes by the protocol that was asked in comes as it is. @throws LeashError `upstream_malformed` */
function completionIn(body: unknown): JsonObject {
  if (isObject(body)) return body as JsonObject
  throw new LeashError('upstream_malformed', 'The provider answered with something that is not a chat completion.')
}

/** A call that has failed, with what happened to it until then. */
export class Failed extends Error {
  constructor(
    readonly error: LeashError,
    readonly report: Report,
  ) {
    super(error.message, { cause: error })
  }
}

/** A report holds nothing that JSON does not. */
export const asJson = (report: Report): JsonObject => report as object as JsonObject

/** What is told of a failure: of its code, and of no upstream's own words beside the message. */
export function toldOf({ code, message, param }: LeashError): JsonObject {
  return { message, type: 'leash_error', code, ...(param !== undefined && { param }) }
}
