/**
 * What a model refuses to say comes as a text that is marked. LangChain's parsers of objects know it by a block of its own,
 * which its parser of plain text does not take: so it is that block only where an object or standard blocks are asked for.
 */
import { asObject, asString, type JsonObject, type Members } from '../../core/json.js'
import { told } from './carried.js'

/** @param carried what a text carries */
export function isRefusal(carried: JsonObject | undefined): boolean {
  return carried?.refusal === true
}

export function refusalBlock(refusal: string): JsonObject {
  return { type: 'refusal', refusal }
}

/** Whether the model refused, though it may not have said a word of it. */
export function endsInRefusal(finishReason: unknown): boolean {
  return asObject(finishReason).raw === 'refusal'
}

/** In a prompt. One without words is nothing that could be said again. */
export function refusalParts({ refusal }: Members): JsonObject[] {
  const text = asString(refusal) ?? ''
  return text === '' ? [] : [{ type: 'text', text, ...told({ leash: { refusal: true } }) }]
}
