/**
 * The efforts that OpenAI's models take, by the generation in their name: every other is refused ("Unsupported value: 'none' is
 * not supported with the 'gpt-5' model"). A model that is not here, a newer one or another vendor's, is asked as the caller asks.
 * https://developers.openai.com/api/docs/guides/reasoning and https://developers.openai.com/api/docs/models
 */
import type { ReasoningEffort } from '../core/message.js'
import type { ReportLoss } from './protocol.js'

const inOrder: readonly ReasoningEffort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

export const isEffort = (value: unknown): value is ReasoningEffort => inOrder.some((effort) => effort === value)

/** The first that fits holds. */
const table: readonly (readonly [name: RegExp, efforts: readonly ReasoningEffort[]])[] = [
  [/^o\d|^gpt-oss/, ['low', 'medium', 'high']],
  [/^gpt-5-pro/, ['high']],
  [/^gpt-5(\.1)?-codex(?!-max)/, ['low', 'medium', 'high']],
  [/^gpt-5(?!\.)/, ['minimal', 'low', 'medium', 'high']],
  [/^gpt-5\.\d-codex/, ['low', 'medium', 'high', 'xhigh']],
  [/^gpt-5\.1/, ['none', 'low', 'medium', 'high']],
  [/^gpt-5\.[2-5]-pro/, ['medium', 'high', 'xhigh']],
  [/^gpt-5\.[2-5]/, ['none', 'low', 'medium', 'high', 'xhigh']],
  [/^gpt-5\.[6-9]/, ['none', 'low', 'medium', 'high', 'xhigh', 'max']],
  [/^gpt-6-astra/, ['low', 'medium', 'high', 'xhigh', 'max']],
]

/** The effort asked for, or the nearest that the model takes: rather more than less, unless there is no more. */
export function takenEffort(model: string, asked: ReasoningEffort, lose: ReportLoss): ReasoningEffort {
  const name = model.replace(/^ft:/, '')
  const known = table.find(([pattern]) => pattern.test(name))?.[1]
  if (!known || known.includes(asked)) return asked
  const taken = known.find((effort) => inOrder.indexOf(effort) > inOrder.indexOf(asked)) ?? known.at(-1) ?? asked
  lose('reasoning_effort', 'approximated', `This model has no effort "${asked}"; "${taken}" is sent.`)
  return taken
}

/** Anthropic advises 1,024 tokens at least and more than 16,000 only for hard work; the grades are set between. */
export function effortFor(budget: number): ReasoningEffort {
  if (budget <= 0) return 'none'
  if (budget <= 2048) return 'low'
  return budget <= 16_384 ? 'medium' : 'high'
}
