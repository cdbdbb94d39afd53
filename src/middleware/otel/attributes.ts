/** What is told of a call and of its attempts, as attributes. */
import type { Attributes } from '@opentelemetry/api'
import type { Attempt, Call, Report } from '../../core/call.js'
import type { Ending } from '../../core/ending.js'
import type { ErrorCode } from '../../core/errors.js'
import { usdOf } from '../../core/money.js'
import { addUsage, inputTotal, outputTotal, type Usage } from '../../core/usage.js'
import type { Facts } from '../../protocols/facts.js'
import { kindOf } from '../../protocols/index.js'
import type { Settings } from '../../protocols/settings.js'
import { attribute, type Edition, own } from './names.js'

/** A prompt may have been passed in a model's place. */
const longest = 200
const mostTags = 32

export const modelName = (model: string): string => model.slice(0, longest)

export function operationOf(call: Call): 'chat' | 'embeddings' {
  return kindOf(call.protocol) ?? 'chat'
}

/** In this order. */
const told = ['maxTokens', 'temperature', 'topP', 'topK', 'frequencyPenalty', 'presencePenalty', 'seed'] as const

/** What a sampler decides by, and no more: it costs an SDK twice what is told at the end. */
export function beginAttributes(call: Call, provider: string): Attributes {
  const { conversation, tenant, tags } = call.options
  const attributes = callAttributes(call, provider)
  addServer(attributes, call)
  if (conversation !== undefined) attributes[attribute.conversation] = conversation
  if (tenant !== undefined) attributes[own.tenant] = tenant
  if (tags) for (const [name, value] of Object.entries(tags).slice(0, mostTags)) attributes[own.tag + name] = value
  return attributes
}

/** As it was asked for. */
export function addRequest(attributes: Attributes, { report, stream }: Call, settings: Settings, edition: Edition): void {
  const { choices = 1, stop, effort } = settings
  attributes[own.callId] = report.id
  if (stream) attributes[attribute.requestStream] = true
  if (choices !== 1) attributes[attribute.choices] = choices
  if (settings.json) attributes[attribute.outputType] = 'json'
  for (const name of told) if (settings[name] !== undefined) attributes[attribute[name]] = settings[name]
  if (stop) attributes[attribute.stop] = [...stop]
  if (edition.effort !== undefined && effort !== undefined) attributes[edition.effort] = effort
}

/** Of a call's span, and of all that is measured of it. No server: who answers may be another than the caller's SDK has in mind. */
export function callAttributes(call: Call, provider: string): Attributes {
  return {
    [attribute.operation]: operationOf(call),
    [attribute.provider]: provider,
    [attribute.requestModel]: modelName(call.model),
  }
}

interface Server {
  readonly address: string
  readonly port: number
}

/** Taken apart once: most calls go where the last ones went. */
const servers = new Map<string, Server | undefined>()
const mostServers = 100

/** Only a vendor's own SDK says beforehand where it is going. */
export function addServer(attributes: Attributes, { target }: Call): void {
  const server = target.origin && serverAt(target.origin.url)
  if (!server) return
  attributes[attribute.serverAddress] = server.address
  attributes[attribute.serverPort] = server.port
}

function serverAt(url: string): Server | undefined {
  const known = servers.get(url)
  if (known || servers.has(url)) return known
  const server = URL.canParse(url) ? serverOf(new URL(url)) : undefined
  if (servers.size >= mostServers) servers.clear()
  servers.set(url, server)
  return server
}

function serverOf({ hostname, port, protocol }: URL): Server {
  const usual = protocol === 'http:' ? 80 : 443
  return { address: hostname, port: port === '' ? usual : Number(port) }
}

/** What all attempts of a call used together: that is billed, whoever's answer was taken. */
export function billedUsage({ attempts }: Report): Usage | undefined {
  return attempts.reduce<Usage | undefined>((sum, { usage }) => (sum && usage ? addUsage(sum, usage) : (sum ?? usage)), undefined)
}

export function addUsageTo(attributes: Attributes, usage: Usage | undefined, edition: Edition): void {
  if (!usage) return
  const cacheWrite = usage.cacheWrite + usage.cacheWrite1h
  attributes[attribute.inputTokens] = inputTotal(usage)
  attributes[attribute.outputTokens] = outputTotal(usage)
  if (usage.cacheRead > 0) attributes[attribute.cacheRead] = usage.cacheRead
  if (cacheWrite > 0) attributes[edition.cacheWrite] = cacheWrite
  if (usage.reasoning > 0) attributes[attribute.reasoningTokens] = usage.reasoning
}

/** Of a call that has ended. */
export function addReport(attributes: Attributes, report: Report): void {
  const { attempts, cost, cache, coalesced, model, route, redactions, warnings } = report
  attributes[own.attempts] = attempts.length
  if (model !== undefined) attributes[own.model] = modelName(model)
  if (cost) {
    attributes[own.costEstimated] = cost.estimated
    if (cost.usd !== null) attributes[own.cost] = cost.usd
    if (cost.savedUsd != null) attributes[own.costSaved] = cost.savedUsd
  }
  if (cache) attributes[own.cache] = cache
  if (coalesced) attributes[own.coalesced] = true
  if (route) attributes[own.route] = route.name
  const redacted = redactions ? Object.values(redactions).reduce((sum, count) => sum + count, 0) : 0
  if (redacted > 0) attributes[own.redactions] = redacted
  if (warnings.length > 0) attributes[own.warnings] = warnings.length
}

export function addAnswer(attributes: Attributes, { id, model, finish }: Facts): void {
  if (id !== undefined) attributes[attribute.responseId] = id
  if (model !== undefined) attributes[attribute.responseModel] = model
  if (finish) attributes[attribute.finishReasons] = finish
}

export function addAttempt(attributes: Attributes, { status, protocol, cost, key, usage, firstTokenMs }: Attempt): void {
  attributes[own.protocol] = protocol
  if (status !== undefined) attributes[attribute.status] = status
  if (cost != null) attributes[own.cost] = usdOf(cost)
  if (key !== undefined) attributes[own.key] = key
  if (firstTokenMs !== undefined) attributes[attribute.firstChunk] = firstTokenMs / 1000
  if (!usage) return
  // Under another name than the call's: who sums up the tokens of all spans must not count them twice.
  attributes[own.attemptInput] = inputTotal(usage)
  attributes[own.attemptOutput] = outputTotal(usage)
}

interface Outcome {
  readonly outcome: 'ok' | 'error' | 'cancelled'
  readonly error?: ErrorCode
}

export function outcomeOf(ending: Ending): Outcome {
  if (ending === undefined) return { outcome: 'ok' }
  if (ending === 'cancelled' || ending.code === 'aborted') return { outcome: 'cancelled' }
  return { outcome: 'error', error: ending.code }
}
