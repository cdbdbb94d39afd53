import type { IncomingMessage } from 'node:http'
import { asObject, asString, isObject, parseJson } from '../../core/json.js'
import type { Fault } from './faults.js'
import { makeIds } from './ids.js'
import type { RecordedRequest } from './mock.js'
import { route } from './routes.js'
import { type Ask, type Endpoint, type Failure, json, type MockProtocol, Refusal, type Reply, type World } from './vendor.js'

interface Handled {
  readonly record: RecordedRequest
  /** The answer, or the refusal that the fault asks for. */
  reply(fault: Fault): Reply
}

/** Finds out what a request is and what its vendor says to it. */
export function respond(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  text: string,
  world: World,
  protocols?: readonly MockProtocol[],
): Handled {
  const method = request.method ?? 'GET'
  const url = new URL(request.url ?? '/', 'http://mock')
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  const parsed = text === '' ? undefined : parseJson(text)
  const found = route(method, url, headers)
  const endpoint = found && (protocols === undefined || !found.protocol || protocols.includes(found.protocol)) ? found : undefined
  const body = asObject(parsed)
  const model = endpoint?.model ?? asString(body.model)
  const stream = endpoint?.stream ?? body.stream === true
  const record: RecordedRequest = {
    method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers,
    body: parsed,
    text,
    protocol: endpoint?.protocol,
    model,
    stream,
    outcome: 'pending',
  }
  const salt = `${method} ${url.pathname} ${text}`
  const ids = makeIds(world.seed, `${salt}\0${world.memory.ordinal(salt)}`)
  const ask: Ask = { headers, path: url.pathname, query: url.searchParams, body, model: model ?? '', stream, ids, world }
  return {
    record,
    reply: (fault) => faulty(endpoint, ask, fault) ?? vendorReply(endpoint, ask, method === 'GET' || isObject(parsed)),
  }
}

/** What a scripted refusal says; undefined when the fault lets the vendor answer. */
function faulty(endpoint: Endpoint | undefined, ask: Ask, fault: Fault): Reply | undefined {
  const retry = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
  if (fault.body !== undefined) return json(fault.body, retry, fault.status ?? 200)
  const inStream = fault.errorInStream && !ask.stream ? { status: 500, ...fault.errorInStream } : undefined
  const status = fault.status ?? inStream?.status
  if (status === undefined) return undefined
  if (status < 400) return json({}, retry, status)
  const failure: Failure = {
    status,
    ...(inStream?.message !== undefined && { message: inStream.message }),
    ...(inStream?.type !== undefined && { type: inStream.type }),
    ...(inStream?.code !== undefined && { code: inStream.code }),
    ...(typeof fault.retryAfter === 'number' && { retryAfter: fault.retryAfter }),
  }
  const reply = endpoint
    ? endpoint.dialect.refusal(failure, ask.ids)
    : json({ error: { message: 'Scripted failure.' } }, {}, status)
  return { ...reply, headers: { ...reply.headers, ...retry } }
}

function vendorReply(endpoint: Endpoint | undefined, ask: Ask, readable: boolean): Reply {
  if (!endpoint) return json({ error: { message: `The mock has nothing at ${ask.path}.` } }, {}, 404)
  try {
    endpoint.dialect.authenticate(ask)
    if (!readable) throw new Refusal(endpoint.dialect.notJson)
    if (ask.model.includes('missing')) throw new Refusal(endpoint.dialect.unknownModel(ask.model))
    return endpoint.answer(ask)
  } catch (error) {
    if (error instanceof Refusal) return endpoint.dialect.refusal(error.failure, ask.ids)
    throw error
  }
}
