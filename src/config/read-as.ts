/** Texts that stand where something else is meant, as variables of the environment do. */
import { isObject } from '../core/json.js'
import type { Shape } from '../core/shape.js'

/** The same, with numbers and booleans in the place of texts that say one, wherever the shape wants no text. */
export function readAs(value: unknown, shape: Shape): unknown {
  const { items, each, members, forms } = shape
  if (forms) return fitting(value, forms)
  if (typeof value === 'string') return meant(value, shape)
  if (items && Array.isArray(value)) return value.map((item) => readAs(item, items))
  if (!isObject(value) || !(members || each)) return value
  const read = Object.entries(value).map(([name, member]) => {
    const of = members && Object.hasOwn(members, name) ? members[name] : each
    return [name, of ? readAs(member, of) : member]
  })
  return Object.fromEntries(read)
}

/** As it is where that fits, for a text may be meant as one. */
function fitting(value: unknown, forms: readonly Shape[]): unknown {
  const fits = (form: Shape, read: unknown) => form.faults(read, []).length === 0
  if (forms.some((form) => fits(form, value))) return value
  const found = forms.map((form) => ({ form, read: readAs(value, form) })).find(({ form, read }) => fits(form, read))
  return found ? found.read : value
}

function meant(text: string, { expected, values }: Shape): unknown {
  const isNumber = expected === 'a whole number' || expected === 'a number'
  if (isNumber && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  if (expected === 'a boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return values?.find((known) => String(known) === text) ?? text
}
