/**
 * How hard to think: `thinkingBudget` in tokens up to Gemini 2.5, `thinkingLevel` from Gemini 3 on.
 * Sources: https://ai.google.dev/gemini-api/docs/thinking and, for the budgets that stand for OpenAI's efforts,
 * https://ai.google.dev/gemini-api/docs/openai#thinking
 */
import { asNumber, asString } from '../../core/json.js'
import type { Reasoning, ReasoningEffort } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { atLeast, type Generation } from './generation.js'
import { message, type WireThinkingConfig } from './wire.js'

const budgets: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
}
type Level = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'
const levels: Readonly<Record<ReasoningEffort, Level>> = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
}

export function encodeThinking(reasoning: Reasoning, generation: Generation, lose: ReportLoss): WireThinkingConfig | undefined {
  const { effort, budget, show } = reasoning
  if (generation.version !== undefined && generation.version < 2.5) {
    if (effort !== 'none') lose('reasoning_effort', 'dropped', 'This model does not think.')
    return undefined
  }
  const shown = show === undefined ? {} : { includeThoughts: show }
  if (effort !== undefined && (budget === undefined || atLeast(generation, 3))) {
    if (budget !== undefined)
      lose('reasoning.budget', 'dropped', 'Gemini takes a level or a budget, not both; the level is sent.')
    return { ...shown, ...(atLeast(generation, 3) ? level(effort, generation, lose) : budgetFor(effort, generation, lose)) }
  }
  if (budget === undefined) return show === undefined ? undefined : shown
  if (effort !== undefined) lose('reasoning_effort', 'approximated', 'The budget in tokens stands for it.')
  const thinkingBudget = clamped(budget, generation)
  if (thinkingBudget !== budget)
    lose('reasoning.budget', 'approximated', `This model takes another range; ${thinkingBudget} tokens are sent.`)
  return { ...shown, thinkingBudget }
}

function level(effort: ReasoningEffort, generation: Generation, lose: ReportLoss): WireThinkingConfig {
  let thinkingLevel = levels[effort]
  if (thinkingLevel === 'MINIMAL' && !thinksMinimally(generation)) thinkingLevel = 'LOW'
  if (thinkingLevel === 'MEDIUM' && generation.pro && generation.version === 3) thinkingLevel = 'HIGH'
  if (thinkingLevel.toLowerCase() !== effort)
    lose('reasoning_effort', 'approximated', `This model has no such level of thinking; ${thinkingLevel} is sent.`)
  return { thinkingLevel }
}

/** Pro never could, and from 3.7 on only Flash-Lite can. */
function thinksMinimally({ version, pro, lite }: Generation): boolean {
  return !pro && (lite || (version !== undefined && version < 3.7))
}

function budgetFor(effort: ReasoningEffort, generation: Generation, lose: ReportLoss): WireThinkingConfig {
  const thinkingBudget = clamped(budgets[effort], generation)
  if (thinkingBudget !== budgets[effort])
    lose('reasoning_effort', 'approximated', `This model cannot help thinking; ${thinkingBudget} tokens are sent.`)
  else if (effort !== 'none') lose('reasoning_effort', 'approximated', `Sent as a budget of ${thinkingBudget} tokens.`)
  return { thinkingBudget }
}

/** The ranges of Gemini 2.5: Pro 128 to 32,768; Flash 0 to 24,576; Flash-Lite 0, or 512 to 24,576. */
function clamped(budget: number, { pro, lite }: Generation): number {
  if (pro) return Math.min(Math.max(budget, 128), 32_768)
  if (lite && budget > 0) return Math.min(Math.max(budget, 512), 24_576)
  return Math.min(budget, 24_576)
}

export function decodeThinking(config: unknown, lose: ReportLoss): Reasoning | undefined {
  const { includeThoughts, thinkingBudget, thinkingLevel, ...rest } = message(config)
  for (const member of Object.keys(rest))
    lose(`generationConfig.thinkingConfig.${member}`, 'dropped', 'Other vendors have no word for it.')
  const budget = asNumber(thinkingBudget)
  const effort = budget === 0 ? 'none' : effortOf(thinkingLevel)
  const reasoning: Reasoning = {
    ...(effort && { effort }),
    // -1 leaves it to the model.
    ...(budget !== undefined && budget > 0 && { budget }),
    ...(typeof includeThoughts === 'boolean' && { show: includeThoughts }),
  }
  return Object.keys(reasoning).length > 0 ? reasoning : undefined
}

function effortOf(thinkingLevel: unknown): ReasoningEffort | undefined {
  const effort = asString(thinkingLevel)?.toLowerCase()
  return effort === 'minimal' || effort === 'low' || effort === 'medium' || effort === 'high' ? effort : undefined
}
