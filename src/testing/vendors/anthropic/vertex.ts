/** Claude on Vertex: Anthropic's messages behind Google's door. https://docs.anthropic.com/en/api/claude-on-vertex-ai */
import { asString } from '../../../core/json.js'
import { type Ask, type Endpoint, json, type Reply, refuse } from '../../mock/vendor.js'
import { vertexDialect } from '../gemini/dialect.js'
import { anthropicDialect } from './dialect.js'
import { answerMessage, anthropicCountTokens } from './index.js'

/** Google lets in, Anthropic answers. */
const dialect = {
  ...anthropicDialect,
  authenticate: vertexDialect.authenticate,
  unknownModel: vertexDialect.unknownModel,
}

export function vertexAnthropic(model: string, action: string): Endpoint | undefined {
  if (model === 'count-tokens') return { ...anthropicCountTokens(), dialect, answer: countTokens }
  if (action !== 'rawPredict' && action !== 'streamRawPredict') return undefined
  return { protocol: 'anthropic-messages', dialect, model, answer }
}

/** The address names the model, so the body must not; the version stands in the body instead of a header. */
function answer(ask: Ask): Reply {
  const { model, anthropic_version, ...body } = ask.body
  if (model !== undefined) refuse(400, 'model: Extra inputs are not permitted')
  if (anthropic_version === undefined) refuse(400, 'anthropic_version: Field required')
  return answerMessage({ ...ask, body })
}

function countTokens(ask: Ask): Reply {
  const model = asString(ask.body.model)
  return model === undefined ? json({}, {}, 400) : anthropicCountTokens().answer({ ...ask, model })
}
