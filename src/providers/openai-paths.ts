import { LeashError } from '../core/errors.js'
import { notSpoken } from './endpoint.js'

/** The protocols of OpenAI, and where each lives below the base URL; the same at everybody who follows OpenAI. */
const openaiPaths: Readonly<Record<string, string>> = {
  'openai-chat': 'chat/completions',
  'openai-responses': 'responses',
  'openai-embeddings': 'embeddings',
}

export const openaiProtocols = ['openai-chat', 'openai-responses', 'openai-embeddings'] as const
export const responsesFirst = ['openai-responses', 'openai-chat', 'openai-embeddings'] as const

export function openaiPath(protocol: string, provider: string): string {
  const path = Object.hasOwn(openaiPaths, protocol) ? openaiPaths[protocol] : undefined
  if (path === undefined) throw notSpoken(provider, protocol)
  return path
}

/** @throws LeashError `invalid_config` for a protocol that has no path here */
export function checkedProtocols(protocols: readonly string[], provider: string): readonly string[] {
  const strange = protocols.find((protocol) => !Object.hasOwn(openaiPaths, protocol))
  if (strange === undefined && protocols.length > 0) return protocols
  throw new LeashError('invalid_config', `\`protocols\` of "${provider}" must name one or more of ${openaiProtocols.join(', ')}.`)
}
