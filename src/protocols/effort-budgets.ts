import type { ReasoningEffort } from '../core/message.js'

/**
 * Tokens that an effort stands for where a model counts instead of grading. 1,024 is the vendor's minimum, and above
 * 32,000 it sees little gain (https://platform.claude.com/docs/en/build-with-claude/extended-thinking).
 */
export const effortBudgets: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 24_576,
  max: 32_768,
}

/** The weakest effort that allows so many tokens. */
export function effortOf(budget: number): Exclude<ReasoningEffort, 'none'> {
  const grades = ['low', 'medium', 'high', 'xhigh'] as const
  return grades.find((grade) => budget <= effortBudgets[grade]) ?? 'max'
}
