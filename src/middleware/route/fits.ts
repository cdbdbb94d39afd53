import type { Capabilities } from '../../core/capabilities.js'
import type { Conditions, RouteTarget } from './options.js'
import type { Asked } from './request.js'

/** Why a target does not get a call, in words that go on "passed over …"; undefined when it can have it. What nobody knows of a model is no reason. */
export function misfit({ when = {} }: RouteTarget, asked: Asked, can: Capabilities): string | undefined {
  const taken = typeof when === 'function' ? when(asked.call) : holds(when, asked)
  return taken ? incapable(asked, can) : 'its `when` does not hold'
}

const needs = ['tools', 'images', 'audio', 'files', 'structuredOutput'] as const

function holds(when: Conditions, asked: Asked): boolean {
  const { stream, options } = asked.call
  const { minInputTokens, maxInputTokens, tenants, users, tags = {} } = when
  return (
    needs.every((need) => when[need] === undefined || when[need] === asked.needs[need]) &&
    (when.stream === undefined || when.stream === stream) &&
    (tenants === undefined || isAmong(options.tenant, tenants)) &&
    (users === undefined || isAmong(options.user, users)) &&
    Object.entries(tags).every(([name, values]) => isAmong(options.tags?.[name], [values].flat())) &&
    (minInputTokens === undefined || asked.inputTokens >= minInputTokens) &&
    (maxInputTokens === undefined || !asked.mayExceed(maxInputTokens))
  )
}

function isAmong(value: string | undefined, values: readonly string[]): boolean {
  return value !== undefined && values.includes(value)
}

const words: Readonly<Record<(typeof needs)[number], string>> = {
  tools: 'tools',
  images: 'images',
  audio: 'audio',
  files: 'files',
  structuredOutput: 'JSON Schema for its answers',
}

function incapable(asked: Asked, can: Capabilities): string | undefined {
  const lacking = needs.find((need) => asked.needs[need] && can[need] === false)
  if (lacking) return `takes no ${words[lacking]}`
  const { contextWindow } = can
  if (contextWindow !== undefined && asked.mayExceed(contextWindow)) return `its window of ${contextWindow} tokens is too small`
  return undefined
}
