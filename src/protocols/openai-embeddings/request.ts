import { asNumber, asString, compact, type JsonObject } from '../../core/json.js'
import type { EmbedRequest } from '../../core/message.js'
import { areNumbers } from '../are-numbers.js'
import { invalid } from '../invalid.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { adapt } from './adapt.js'

type Input = EmbedRequest['input']

const read = new Set(['model', 'input', 'dimensions', 'user', 'encoding_format'])

export function decodeRequest(body: JsonObject, lose: ReportLoss): EmbedRequest {
  for (const [name, value] of Object.entries(body)) {
    if (!read.has(name) && value !== null && value !== undefined)
      lose(name, 'dropped', `\`${name}\` has no counterpart outside the Embeddings API.`)
  }
  const dimensions = asNumber(body.dimensions)
  if (body.dimensions != null && dimensions === undefined) throw invalid('dimensions', 'is to be a number.')
  const user = asString(body.user)
  const { encoding_format: encoding } = body
  if (encoding != null && encoding !== 'float' && encoding !== 'base64')
    throw invalid('encoding_format', 'is to be "float" or "base64".')
  return {
    input: readInput(body.input),
    ...(dimensions !== undefined && { dimensions }),
    ...(user !== undefined && { user }),
    ...(encoding != null && { encoding }),
  }
}

/** A text, texts, the tokens of a text, or those of several. */
function readInput(input: unknown): Input {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input) || input.length === 0) throw invalid('input', 'is to be a text, or a list with at least one.')
  if (areNumbers(input)) return [input]
  return input.map((each: unknown, index) => {
    if (typeof each === 'string' || areNumbers(each)) return each
    throw invalid(`input[${index}]`, 'is to be a text or a list of tokens.')
  })
}

/** Always asks for floats: every compatible server has them, and the caller's own protocol encodes them again. */
export function encodeRequest(request: EmbedRequest, { model, traits, lose }: EncodeContext): JsonObject {
  const { input, dimensions, user, task } = request
  if (task !== undefined) lose('task', 'dropped', 'OpenAI embeds every text alike.')
  const texts = input.map((each) => (typeof each === 'string' ? each : [...each]))
  return adapt(compact({ model, input: texts, encoding_format: 'float', dimensions, user }), traits, lose)
}
