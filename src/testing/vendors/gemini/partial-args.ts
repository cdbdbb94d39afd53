/**
 * Function calls whose arguments come value by value, for callers that ask for it with `streamFunctionCallArguments`.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
 */
import { asObject } from '../../../core/json.js'
import type { Part } from './write.js'

/** The name first, then each value under its path, then an empty call that ends it. Other parts stay as they are. */
export function partialCalls(part: Part): Part[] {
  if (part.functionCall === undefined) return [part]
  const { args, ...call } = asObject(part.functionCall)
  const values = [...leaves(args, '$')].flatMap(({ path, value }) => {
    const partial = (rest: object) => ({ functionCall: { partialArgs: [{ jsonPath: path, ...rest }], willContinue: true } })
    if (typeof value !== 'string') return [partial(typed(value))]
    // A text is opened and closed.
    return [partial({ stringValue: value, willContinue: true }), partial({ stringValue: '' })]
  })
  return [{ ...part, functionCall: { ...call, willContinue: true } }, ...values, { functionCall: {} }]
}

function* leaves(value: unknown, path: string): Generator<{ path: string; value: unknown }> {
  if (typeof value !== 'object' || value === null) return yield { path, value }
  for (const [name, member] of Object.entries(value))
    yield* leaves(member, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`)
}

function typed(value: unknown): object {
  if (typeof value === 'number') return { numberValue: value }
  return typeof value === 'boolean' ? { boolValue: value } : { nullValue: 'NULL_VALUE' }
}
