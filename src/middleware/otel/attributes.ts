/** What is told of a call and of its attempts, as attributes. */
import type { Attributes } from '@opentelemetry/api'
import type { Attempt, Call, Report } from '../../core/call.js'
import type { Ending } from '../../core/ending.js'
import { usdOf } from '../../core/money.js'
import { addUsage, inputTotal, outputTotal, type Usage } from '../../core/usage.js'
import type { Facts } from '../../protocols/facts.js'
import { kindOf } from '../../protocols/index.js'
import { settingsOf } from '../../protocols/settings.js'
import { attribute, type Edition, own } from './names.js'

/** A prompt may have been passed in a model's place. */
const longest = 200
const mostTags = 32

export const modelName = (model: string): string => model.slice(0, longest)

export function operationOf(call: Call): 'chat' | 'embeddings' {
  return kindOf(call.protocol) ?? 'chat'
}

/** Known when the call begins: a sampler decides by them. */
export function requestAttributes(call: Call, edition: Edition, provider: string): Attributes {
  const { options, report, stream } = call
  const { choices = 1, ...settings } = settingsOf(call.protocol, call.body)
  const attributes: Attributes = {
    [attribute.operation]: operationOf(call),
    [attribute.provider]: provider,
    [attribute.requestModel]: modelName(call.model),
    [own.callId]: report.id,
    ...serverAttributes(call),
  }
  const add = (name: string | undefined, value: Attributes[string]) => {
    if (name !== undefined && value !== undefined) attributes[name] = value
  }
  if (stream) add(attribute.requestStream, true)
  if (choices !== 1) add(attribute.choices, choices)
  if (settings.json) add(attribute.outputType, 'json')
  for (const name of ['maxTokens', 'temperature', 'topP', 'topK', 'frequencyPenalty', 'presencePenalty', 'seed'] as const)
    add(attribute[name], settings[name])
  add(attribute.stop, settings.stop && [...settings.stop])
  add(edition.effort, settings.effort)
  add(attribute.conversation, options.conversation)
  add(own.tenant, options.tenant)
  for (const [name, value] of Object.entries(options.tags ?? {}).slice(0, mostTags)) add(own.tag + name, value)
  return attributes
}

/** Only a vendor's own SDK says beforehand where it is going. */
export function serverAttributes({ target }: Call): Attributes {
  const { origin } = target
  if (!origin || !URL.canParse(origin.url)) return {}
  const { hostname, port, protocol } = new URL(origin.url)
  const usual = protocol === 'http:' ? 80 : 443
  return { [attribute.serverAddress]: hostname, [attribute.serverPort]: port === '' ? usual : Number(port) }
}

/** What all attempts of a call used together: that is billed, whoever's answer was taken. */
export function billedUsage({ attempts }: Report): Usage | undefined {
  return attempts.reduce<Usage | undefined>((sum, { usage }) => (sum && usage ? addUsage(sum, usage) : (sum ?? usage)), undefined)
}

export function usageAttributes(usage: Usage | undefined, edition: Edition): Attributes {
  if (!usage) return {}
  const cacheWrite = usage.cacheWrite + usage.cacheWrite1h
  return {
    [attribute.inputTokens]: inputTotal(usage),
    [attribute.outputTokens]: outputTotal(usage),
    ...(usage.cacheRead > 0 && { [attribute.cacheRead]: usage.cacheRead }),
    ...(cacheWrite > 0 && { [edition.cacheWrite]: cacheWrite }),
    ...(usage.reasoning > 0 && { [attribute.reasoningTokens]: usage.reasoning }),
  }
}

/** Of a call that has ended. */
export function reportAttributes(report: Report): Attributes {
  const { attempts, cost, cache, coalesced, route, redactions, warnings } = report
  const redacted = Object.values(redactions ?? {}).reduce((sum, count) => sum + count, 0)
  return {
    [own.attempts]: attempts.length,
    ...(cost && { [own.costEstimated]: cost.estimated }),
    ...(cost && cost.usd !== null && { [own.cost]: cost.usd }),
    ...(cost?.savedUsd != null && { [own.costSaved]: cost.savedUsd }),
    ...(cache && { [own.cache]: cache }),
    ...(coalesced && { [own.coalesced]: true }),
    ...(route && { [own.route]: route.name }),
    ...(redacted > 0 && { [own.redactions]: redacted }),
    ...(warnings.length > 0 && { [own.warnings]: warnings.length }),
  }
}

export function answerAttributes({ id, model, finish }: Facts): Attributes {
  return {
    ...(id !== undefined && { [attribute.responseId]: id }),
    ...(model !== undefined && { [attribute.responseModel]: model }),
    ...(finish && { [attribute.finishReasons]: finish }),
  }
}

export function attemptAttributes(attempt: Attempt): Attributes {
  const { status, cost, key, usage, firstTokenMs } = attempt
  return {
    ...(status !== undefined && { [attribute.status]: status }),
    ...(cost != null && { [own.cost]: usdOf(cost) }),
    ...(key !== undefined && { [own.key]: key }),
    ...(firstTokenMs !== undefined && { [attribute.firstChunk]: firstTokenMs / 1000 }),
    // Under another name than the call's: who sums up the tokens of all spans must not count them twice.
    ...(usage && { 'leash.usage.input_tokens': inputTotal(usage), 'leash.usage.output_tokens': outputTotal(usage) }),
  }
}

export function outcomeOf(ending: Ending): 'ok' | 'error' | 'cancelled' {
  if (ending === undefined) return 'ok'
  return ending === 'cancelled' || ending.code === 'aborted' ? 'cancelled' : 'error'
}
