/**
 * What to embed, in one of Google's three forms. The Gemini API takes many requests in one (`batchEmbedContents`),
 * Vertex AI a list of instances (`predict`) or, for models since `gemini-embedding-2`, one content (`embedContent`).
 * https://ai.google.dev/api/embeddings, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
 */
import { LeashError } from '../../core/errors.js'
import { compact, type JsonObject } from '../../core/json.js'
import type { EmbedRequest } from '../../core/message.js'
import type { Traits } from '../../core/provider.js'
import type { EncodeContext } from '../protocol.js'

/** @throws LeashError `unsupported` for input that is already split into tokens, or more of it than the model takes */
export function encodeRequest(request: EmbedRequest, context: EncodeContext): JsonObject {
  const { dimensions: outputDimensionality, task: taskType, user } = request
  const { model, traits, lose } = context
  const texts = textsOf(request)
  if (user !== undefined) lose('user', 'dropped', 'Google does not ask who the end user is.')
  const settings = compact({ taskType, outputDimensionality })
  if (traits.embedForm !== 'predict') {
    const name = model.includes('/') ? model : `models/${model}`
    return { requests: texts.map((text) => ({ model: name, content: contentOf(text), ...settings })) }
  }
  if (!takesContent(traits.baseModel ?? model)) {
    return {
      instances: texts.map((content) => compact({ content, task_type: taskType })),
      ...(outputDimensionality !== undefined && { parameters: { outputDimensionality } }),
    }
  }
  const [text] = texts
  if (text === undefined || texts.length > 1) {
    throw new LeashError('unsupported', `"${model}" embeds one text at a time on this provider. Send each \`input\` by itself.`, {
      param: 'input',
    })
  }
  return { content: contentOf(text), ...(Object.keys(settings).length > 0 && { embedContentConfig: settings }) }
}

/**
 * How many texts one request takes: 100 in a batch of the Gemini API ("at most 100 requests can be in one batch"), 250
 * instances on Vertex AI, where `gemini-embedding-001` and its successors take one text at a time.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings
 */
export function maxInputs(model: string, { embedForm, baseModel = model }: Traits): number {
  if (embedForm !== 'predict') return 100
  return takesContent(baseModel) || baseModel.includes('gemini-embedding-001') ? 1 : 250
}

function contentOf(text: string): JsonObject {
  return { parts: [{ text }] }
}

/** Google's own SDK tells the models apart like this. */
function takesContent(model: string): boolean {
  return model.includes('maas') || (model.includes('gemini') && !model.includes('gemini-embedding-001'))
}

function textsOf({ input }: EmbedRequest): string[] {
  return input.map((item, index) => {
    if (typeof item === 'string') return item
    throw new LeashError('unsupported', 'Google embeds text, not tokens. Send the text itself as `input`.', {
      param: `input[${index}]`,
    })
  })
}
