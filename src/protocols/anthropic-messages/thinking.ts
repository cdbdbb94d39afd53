/** Thinking, told by effort or by budget, in both directions. */
import { asNumber, asObject, asString } from '../../core/json.js'
import type { Reasoning, ReasoningEffort } from '../../core/message.js'
import { type ClaudeTraits, defaultMaxTokens, type Effort } from '../claude.js'
import { effortBudgets, effortOf } from '../effort-budgets.js'
import type { ReportLoss } from '../protocol.js'
import { unsignedLoop } from './tool-loop.js'
import type { Sdk } from './wire.js'

export interface ThinkingPlan {
  readonly thinking?: Sdk.ThinkingConfigParam
  readonly effort?: Effort
  readonly maxTokens: number
  /** The model will think, so that whatever excludes thinking has to go. */
  readonly thinks: boolean
}

export interface ThinkingWish {
  readonly reasoning: Reasoning | undefined
  readonly maxTokens: number | undefined
  /** The caller insists on a tool call. */
  readonly forced: boolean
  /** The history ends in a tool loop that Claude has not begun. */
  readonly unsigned: boolean
}

export function planThinking(wish: ThinkingWish, traits: ClaudeTraits, lose: ReportLoss): ThinkingPlan {
  const maxTokens = wish.maxTokens ?? defaultMaxTokens(traits)
  const { reasoning } = wish
  if (!reasoning) return unasked(wish.forced, maxTokens, traits, lose)
  if (reasoning.effort === 'none') return { ...switchedOff(traits, lose), maxTokens }
  if (traits.thinking === 'none') {
    lose('reasoning_effort', 'dropped', 'this model does not think')
    return { maxTokens, thinks: false }
  }
  if (traits.thinking === 'budget' && wish.unsigned) {
    lose('reasoning_effort', 'dropped', unsignedLoop)
    return { maxTokens, thinks: false }
  }
  if (traits.thinking === 'adaptive') return { ...adaptive(reasoning, traits, lose), maxTokens }
  return budgeted(reasoning, wish.maxTokens, maxTokens, traits, lose)
}

function unasked(forced: boolean, maxTokens: number, traits: ClaudeTraits, lose: ReportLoss): ThinkingPlan {
  if (!forced || !traits.thinksByDefault || traits.off !== 'disabled') return { maxTokens, thinks: traits.thinksByDefault }
  lose('reasoning_effort', 'approximated', 'a forced tool excludes thinking, which this model does by default: it is turned off')
  return { thinking: { type: 'disabled' }, maxTokens, thinks: false }
}

function switchedOff(traits: ClaudeTraits, lose: ReportLoss): Omit<ThinkingPlan, 'maxTokens'> {
  if (traits.off === 'disabled')
    return traits.thinking === 'none' ? { thinks: false } : { thinking: { type: 'disabled' }, thinks: false }
  const why = 'thinking cannot be turned off in this model'
  if (traits.off === 'between_tools') {
    lose('reasoning_effort', 'approximated', `${why}: it thinks between tool calls only`)
    return { thinking: { type: 'between_tools' }, thinks: true }
  }
  lose('reasoning_effort', 'approximated', `${why}: the lowest effort is asked for`)
  return { effort: 'low', thinks: true }
}

function adaptive(reasoning: Reasoning, traits: ClaudeTraits, lose: ReportLoss): Omit<ThinkingPlan, 'maxTokens'> {
  const { budget } = reasoning
  const asked = reasoning.effort ?? (budget === undefined ? undefined : effortOf(budget))
  const effort = asked && nearestEffort(asked, traits.efforts)
  if (budget !== undefined)
    lose('reasoning.max_tokens', 'approximated', `this model takes an effort, not a budget: "${effort}" is asked for`)
  else if (effort !== asked) lose('reasoning_effort', 'approximated', `this model has no "${asked}": "${effort}" is asked for`)
  return { thinking: { type: 'adaptive', ...display(reasoning) }, ...(effort && { effort }), thinks: true }
}

function nearestEffort(asked: ReasoningEffort, known: readonly Effort[]): Effort {
  const same = known.find((effort) => effort === asked)
  return same ?? (asked === 'minimal' ? 'low' : 'high')
}

function budgeted(
  reasoning: Reasoning,
  given: number | undefined,
  maxTokens: number,
  traits: ClaudeTraits,
  lose: ReportLoss,
): ThinkingPlan {
  const { effort } = reasoning
  const wanted = reasoning.budget ?? effortBudgets[effort === undefined || effort === 'none' ? 'medium' : effort]
  const budget = Math.max(effortBudgets.minimal, Math.min(wanted, traits.maxOutput - effortBudgets.minimal))
  if (reasoning.budget !== undefined && budget !== wanted)
    lose('reasoning.max_tokens', 'approximated', `${budget} tokens is the nearest budget that this model takes`)
  const thinking: Sdk.ThinkingConfigParam = { type: 'enabled', budget_tokens: budget, ...display(reasoning) }
  if (given !== undefined && given > budget) return { thinking, maxTokens: given, thinks: true }
  const raised = Math.min(budget + maxTokens, traits.maxOutput)
  if (given !== undefined)
    lose('max_tokens', 'approximated', `it counts the thinking too and must exceed its budget of ${budget}: raised to ${raised}`)
  return { thinking, maxTokens: raised, thinks: true }
}

function display({ show }: Reasoning): { display?: 'summarized' | 'omitted' } {
  return show === undefined ? {} : { display: show ? 'summarized' : 'omitted' }
}

/** The caller's `thinking` and `output_config.effort`. */
export function readThinking(thinking: unknown, effort: unknown, lose: ReportLoss): Reasoning | undefined {
  const config = asObject(thinking)
  const grade = readEffort(effort, lose)
  const show = config.display !== 'omitted'
  if (config.block_binding) lose('thinking.block_binding', 'dropped', 'it is known to Anthropic alone')
  switch (asString(config.type)) {
    case 'enabled': {
      const budget = asNumber(config.budget_tokens)
      return { ...(grade && { effort: grade }), ...(budget !== undefined && { budget }), show }
    }
    case 'adaptive':
      return { ...(grade && { effort: grade }), show }
    case 'between_tools':
      lose('thinking', 'approximated', 'thinking between tool calls only is unknown elsewhere: no thinking is asked for')
      return { effort: 'none' }
    case 'disabled':
      return { effort: 'none' }
    default:
      if (config.type !== undefined) lose('thinking', 'dropped', 'this kind of thinking is unknown')
      return grade && { effort: grade }
  }
}

function readEffort(effort: unknown, lose: ReportLoss): ReasoningEffort | undefined {
  if (effort === undefined || effort === null) return undefined
  const grades = ['low', 'medium', 'high', 'xhigh', 'max'] as const
  const known = grades.find((grade) => grade === effort)
  if (!known) lose('output_config.effort', 'dropped', 'this effort is unknown')
  return known
}
