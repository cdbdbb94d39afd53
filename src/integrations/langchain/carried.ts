/**
 * Opaque state of vendors, such as signatures of thoughts: it rides along on a member `leash` of content blocks, and for tool
 * calls, which LangChain keeps beside the content, in `additional_kwargs.leash`; on those that were told in events, on their blocks.
 */
import type { BaseMessage } from '@langchain/core/messages'
import { asObject, asObjects, isObject, type JsonObject, type Members } from '../../core/json.js'

/** By the name of a provider of the AI SDK's, or ours. */
export type PartOptions = Record<string, JsonObject>

/** Of a part of an answer; undefined where it carries nothing. */
export function carriedIn(part: Members): JsonObject | undefined {
  const { leash } = asObject(part.providerMetadata)
  return isObject(leash) && Object.keys(leash).length > 0 ? (leash as JsonObject) : undefined
}

/** The same for a part of a prompt, from the block that kept it. LangChain's own models have Anthropic's signature there. */
export function kept({ leash, signature }: Members): PartOptions {
  if (isObject(leash)) return { leash: leash as JsonObject }
  return typeof signature === 'string' ? { anthropic: { signature } } : {}
}

/** Of a part of a prompt, with all that is to be said to each provider. */
export function told(...all: readonly PartOptions[]): { readonly providerOptions?: JsonObject } {
  const providerOptions: PartOptions = {}
  for (const options of all)
    for (const [name, members] of Object.entries(options)) providerOptions[name] = { ...providerOptions[name], ...members }
  return Object.keys(providerOptions).length > 0 ? { providerOptions } : {}
}

export function onCalls(carried: ReadonlyMap<string, JsonObject>): { additional_kwargs?: { leash: { toolCalls: JsonObject } } } {
  return carried.size === 0 ? {} : { additional_kwargs: { leash: { toolCalls: Object.fromEntries(carried) } } }
}

/** By the ids of the calls. */
export function carriedOnCalls({ additional_kwargs }: BaseMessage): Members {
  return asObject(asObject(asObject(additional_kwargs).leash).toolCalls)
}

export function carriedByCalls(message: BaseMessage): (id: string) => PartOptions {
  const beside = carriedOnCalls(message)
  const blocks = asObjects(message.content).filter(({ type }) => type === 'tool_call')
  return (id) => kept({ leash: Object.hasOwn(beside, id) ? beside[id] : blocks.find((block) => block.id === id)?.leash })
}
