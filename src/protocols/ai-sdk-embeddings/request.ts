import { LeashError } from '../../core/errors.js'
import { asNumber, asObject, asString, compact, type JsonObject } from '../../core/json.js'
import type { EmbedRequest } from '../../core/message.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'

export function decodeRequest({ values, dimensions, providerOptions }: JsonObject, lose: ReportLoss): EmbedRequest {
  for (const name of Object.keys(asObject(providerOptions)))
    if (name !== 'leash') lose(`providerOptions.${name}`, 'dropped', 'It means something to its own provider only.')
  const texts = Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
  if (!Array.isArray(values) || texts.length < values.length)
    throw new LeashError('invalid_request', '`values` is to be a list of texts.', { param: 'values' })
  return compact({
    input: texts,
    dimensions: asNumber(dimensions),
    task: asString(asObject(asObject(providerOptions).leash).task),
  })
}

/** @throws LeashError `unsupported` for input that is already split into tokens */
export function encodeRequest({ input, dimensions, user, task }: EmbedRequest, { lose }: EncodeContext): JsonObject {
  for (const [path, value] of Object.entries({ user, task }))
    if (value !== undefined) lose(path, 'dropped', 'The AI SDK has no word for it.')
  const values = input.map((text) => {
    if (typeof text === 'string') return text
    throw new LeashError('unsupported', 'Models of the AI SDK embed texts, not tokens. Send the text itself.', { param: 'input' })
  })
  return compact({ values, dimensions })
}
