import { asArray, asNumber, asObject, asObjects, asString, isObject, type Members } from '../../../core/json.js'
import type { Asked, ToolWish } from '../../mock/answer.js'
import { textOf } from '../text-of.js'
import { declarations, thinksOf } from './check.js'

export function readContents(body: Members, model: string): Asked {
  const contents = asObjects(body.contents)
  const config = asObject(body.generationConfig)
  const last = contents.at(-1)
  const parts = partsOf(contents.findLast((content) => content.role !== 'model'))
  const format = config.responseJsonSchema ?? config.responseSchema
  const maxTokens = asNumber(config.maxOutputTokens)
  const media = parts.map((part) => asObject(part.inlineData ?? part.fileData)).filter((data) => Object.keys(data).length > 0)
  const images = media.filter((data) => asString(data.mimeType)?.startsWith('image/') ?? true).length
  return {
    text: saidIn(parts),
    images,
    files: media.length - images,
    tools: [...declarations(body)].map(({ declaration: { name, parameters, parametersJsonSchema } }) => ({
      name: String(name),
      ...(isObject(parametersJsonSchema ?? parameters) && { schema: parametersJsonSchema ?? parameters }),
    })),
    choice: choiceOf(asObject(body.toolConfig).functionCallingConfig),
    parallel: true,
    results: parts.filter((part) => part.functionResponse !== undefined).map((part) => resultText(part.functionResponse)),
    thinking: thinksOf(body, model),
    stop: asArray(config.stopSequences).map(String),
    ...(isObject(format) ? { format } : config.responseMimeType === 'application/json' && { format: true as const }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(last?.role === 'model' && { prefill: saidIn(partsOf(last)) }),
  }
}

const partsOf = (content: Members | undefined) => asObjects(content?.parts)

const saidIn = (parts: readonly Members[]) => textOf(parts.filter((part) => part.thought !== true))

/** SDKs wrap a result that is no object, under `result` or `output`. */
function resultText(given: unknown): string {
  const response = asObject(asObject(given).response)
  const wrapped = ['result', 'output'].find((name) => name in response && Object.keys(response).length === 1)
  const value = wrapped === undefined ? response : response[wrapped]
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return [text, ...asArray(asObject(given).parts).map(() => '[image]')].join('\n')
}

function choiceOf(config: unknown): ToolWish {
  const { mode, allowedFunctionNames } = asObject(config)
  const names = asArray(allowedFunctionNames).map(String)
  if (mode === 'NONE') return 'none'
  if (names.length > 0) return { names }
  return mode === 'ANY' ? 'required' : 'auto'
}
