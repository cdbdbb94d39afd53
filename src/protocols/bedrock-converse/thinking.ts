/**
 * How a model is told to think. Each maker has a way of its own, in `additionalModelRequestFields`.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html
 * https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
 */
import type { JsonObject } from '../../core/json.js'
import type { Reasoning, ReasoningEffort } from '../../core/message.js'
import { type ClaudeTraits, samplers } from '../claude.js'
import { effortBudgets, effortOf } from '../effort-budgets.js'
import type { ReportLoss } from '../protocol.js'
import type { ModelHabits } from './models.js'

export interface ThinkingPlan {
  /** For `additionalModelRequestFields`. */
  readonly fields: JsonObject
  /** For `outputConfig.effort`. */
  readonly effort?: string
  readonly maxTokens: number | undefined
  /** Claude is to think, so that whatever excludes thinking has to go. */
  readonly thinks: boolean
  /** Members of the request that the model refuses beside such thinking, in OpenAI's words. */
  readonly refuses: readonly string[]
}

interface Wish {
  readonly reasoning: Reasoning
  readonly maxTokens: number | undefined
  readonly habits: ModelHabits
  readonly lose: ReportLoss
}

/** What stands around the wish to think. */
export interface Circumstances {
  readonly habits: ModelHabits
  readonly claude: ClaudeTraits
  /** The history ends in a tool loop whose last step has no thinking to go on from. */
  readonly resumesUnsigned: boolean
  /** The caller insists on a tool call. */
  readonly forced: boolean
}

export function planThinking(
  reasoning: Reasoning | undefined,
  maxTokens: number | undefined,
  { habits, claude, resumesUnsigned, forced }: Circumstances,
  lose: ReportLoss,
): ThinkingPlan {
  const none: ThinkingPlan = { fields: {}, maxTokens, thinks: false, refuses: [] }
  if (!reasoning) return unasked(none, forced, claude, lose)
  if (reasoning.effort === 'none') return switchedOff(none, claude, lose)
  const wish: Wish = { reasoning, maxTokens, habits, lose }
  switch (habits.thinking) {
    case 'claude-budget':
    case 'claude-adaptive': {
      if (resumesUnsigned) {
        lose('reasoning_effort', 'dropped', 'Claude cannot begin to think amid a tool loop whose thinking it has not signed')
        return unasked(none, false, claude, lose)
      }
      return habits.thinking === 'claude-budget' ? budgeted(wish) : adaptive(wish)
    }
    case 'nova':
      return nova(wish)
    case 'reasoning-effort':
      return { ...none, fields: { reasoning_effort: graded(wish, ['low', 'medium', 'high']) } }
    default:
      lose('reasoning_effort', 'dropped', 'this model does not think, or not at our word')
      return none
  }
}

/** From Claude 5 on it thinks unless it is told not to. */
function unasked(none: ThinkingPlan, forced: boolean, claude: ClaudeTraits, lose: ReportLoss): ThinkingPlan {
  if (!claude.thinksByDefault) return none
  if (!forced || claude.off !== 'disabled') return { ...none, thinks: true }
  lose('reasoning_effort', 'approximated', 'a forced tool excludes thinking, which this model does unasked: it is turned off')
  return { ...none, fields: off }
}

const off: JsonObject = { thinking: { type: 'disabled' } }

function switchedOff(none: ThinkingPlan, claude: ClaudeTraits, lose: ReportLoss): ThinkingPlan {
  if (!claude.thinksByDefault) return none
  if (claude.off === 'disabled') return { ...none, fields: off }
  lose('reasoning_effort', 'approximated', 'this model cannot be kept from thinking: it is asked to think least')
  if (claude.off === 'between_tools') return { ...none, fields: { thinking: { type: 'between_tools' } }, thinks: true }
  return { ...none, effort: 'low', thinks: true }
}

/** The effort asked for, or the nearest that the model knows. */
function graded({ reasoning, lose }: Wish, known: readonly ReasoningEffort[]): string {
  const { budget, effort } = reasoning
  const asked = effort ?? (budget === undefined ? 'medium' : effortOf(budget))
  const found = known.includes(asked) ? asked : asked === 'minimal' ? 'low' : 'high'
  if (budget !== undefined && effort === undefined)
    lose('reasoning.max_tokens', 'approximated', `this model takes an effort, not a budget: "${found}" is asked for`)
  else if (found !== asked) lose('reasoning_effort', 'approximated', `this model has no "${asked}": "${found}" is asked for`)
  return found
}

function adaptive(wish: Wish): ThinkingPlan {
  const { reasoning, maxTokens, habits } = wish
  if (reasoning.budget !== undefined && reasoning.effort === undefined && habits.thinkingBudget) return budgeted(wish)
  const efforts = ['low', 'medium', 'high', 'max'] as const
  const asked = reasoning.effort !== undefined || reasoning.budget !== undefined
  return {
    // Newer models keep their thinking to themselves unless asked; older ones show it and do not know the member.
    fields: { thinking: { type: 'adaptive', ...(reasoning.show && !habits.thinkingBudget && { display: 'summarized' }) } },
    ...(asked && { effort: graded(wish, habits.thinkingBudget ? efforts : [...efforts, 'xhigh']) }),
    maxTokens,
    thinks: true,
    refuses: samplers,
  }
}

function budgeted({ reasoning, maxTokens, lose }: Wish): ThinkingPlan {
  const { effort } = reasoning
  const wanted = reasoning.budget ?? effortBudgets[effort === undefined || effort === 'none' ? 'medium' : effort]
  const budget = Math.max(effortBudgets.minimal, wanted)
  if (reasoning.budget !== undefined && budget !== wanted)
    lose('reasoning.max_tokens', 'approximated', `${budget} tokens is the least that this model takes`)
  const fits = maxTokens === undefined || maxTokens > budget
  const raised = fits ? maxTokens : budget + maxTokens
  if (!fits)
    lose('max_tokens', 'approximated', `it counts the thinking too and must exceed its budget of ${budget}: raised to ${raised}`)
  return {
    fields: { thinking: { type: 'enabled', budget_tokens: budget } },
    maxTokens: raised,
    thinks: true,
    refuses: samplers,
  }
}

/** At its highest effort it decides by itself how long the answer is and how it is drawn. */
function nova(wish: Wish): ThinkingPlan {
  const maxReasoningEffort = graded(wish, ['low', 'medium', 'high'])
  return {
    fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort } },
    maxTokens: wish.maxTokens,
    thinks: false,
    refuses: maxReasoningEffort === 'high' ? ['temperature', 'top_p', 'max_tokens'] : [],
  }
}
