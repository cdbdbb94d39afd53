/** Whether the entry that price data finds for a name is about that model, and not about an older one whose name it begins with. */
import type { MatchLogic, ModelInfo } from '@pydantic/genai-prices'

/**
 * Price data finds many models by how their names begin, and so takes `claude-sonnet-5-5` for `claude-sonnet-5`: another
 * model, at another price. Dates and words behind the beginning are fine, one more number is not.
 */
export function isMeant({ id, match }: ModelInfo, asked: string): boolean {
  const name = asked.toLowerCase().trim()
  const [mine, theirs] = [revisionOf(name), revisionOf(id)]
  if (mine !== undefined && theirs !== undefined && mine !== theirs) return false
  // Price data, too, looks for a date in both its forms.
  return [name, name.replace(/-(20\d\d)(\d\d)(\d\d)(?=-|:|$)/, '-$1-$2-$3')].some((spelt) => matches(match, spelt))
}

/** `v2` of `amazon.titan-embed-text-v2:0`. */
function revisionOf(name: string): string | undefined {
  return /-(v\d+)(?::\d+)?$/.exec(name)?.[1]
}

function matches(logic: MatchLogic, name: string): boolean {
  if ('or' in logic) return logic.or.some((one) => matches(one, name))
  if ('and' in logic) return logic.and.every((one) => matches(one, name))
  if ('equals' in logic) return name === logic.equals.toLowerCase()
  if ('ends_with' in logic) return name.endsWith(logic.ends_with.toLowerCase())
  if ('regex' in logic) return new RegExp(logic.regex).test(name)
  const part = ('starts_with' in logic ? logic.starts_with : logic.contains).toLowerCase()
  const at = name.indexOf(part)
  if (at === -1 || ('starts_with' in logic && at > 0)) return false
  // A month is no version: `command-r7b-12-2024`.
  return !/^[-.]\d{1,2}(?!\d|-20\d\d)/.test(name.slice(at + part.length))
}
