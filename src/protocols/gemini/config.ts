/** `generationConfig`, in both directions. */
import { asArray, asNumber, asString, compact } from '../../core/json.js'
import type { ChatRequest, ResponseFormat } from '../../core/message.js'
import type { EncodeContext, ReportLoss } from '../protocol.js'
import { atLeast, generationOf } from './generation.js'
import { fromOpenApi } from './openapi.js'
import { toOpenApi } from './schema.js'
import { decodeThinking, encodeThinking } from './thinking.js'
import { asJsonObject, message, messages, type WireGenerationConfig } from './wire.js'

/** More are refused. Source: https://ai.google.dev/api/generate-content#generationconfig */
const maxStopSequences = 5

interface EncodedConfig {
  readonly config: WireGenerationConfig | undefined
  /** What the format of the answer must be asked for in words. */
  readonly instruction: string | undefined
}

export function encodeConfig(request: ChatRequest, context: EncodeContext): EncodedConfig {
  const { lose } = context
  const { stop, reasoning } = request
  if (stop && stop.length > maxStopSequences)
    lose('stop', 'dropped', `Gemini takes ${maxStopSequences} stop sequences; the others are left out.`)
  const { members, instruction } = encodeFormat(request, context)
  const config: WireGenerationConfig = compact({
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    maxOutputTokens: request.maxTokens,
    candidateCount: request.n === 1 ? undefined : request.n,
    stopSequences: stop?.slice(0, maxStopSequences),
    seed: request.seed,
    presencePenalty: request.presencePenalty,
    frequencyPenalty: request.frequencyPenalty,
    responseLogprobs: request.logprobs || undefined,
    logprobs: request.logprobs ? request.topLogprobs || undefined : undefined,
    thinkingConfig: reasoning && encodeThinking(reasoning, generationOf(context.traits.baseModel ?? context.model), lose),
    ...members,
  })
  return { config: Object.keys(config).length > 0 ? config : undefined, instruction }
}

interface Format {
  readonly members?: Pick<WireGenerationConfig, 'responseMimeType' | 'responseJsonSchema' | 'responseSchema'>
  readonly instruction?: string
}

function encodeFormat({ responseFormat, tools }: ChatRequest, { model, traits, lose }: EncodeContext): Format {
  if (!responseFormat || responseFormat.type === 'text') return {}
  const { schema, description } = responseFormat.type === 'json-schema' ? responseFormat : {}
  const generation = generationOf(traits.baseModel ?? model)
  // "Function calling with a response mime type: 'application/json' is unsupported", says every model before Gemini 3.
  if (traits.structuredOutput === 'none' || (tools && tools.length > 0 && !atLeast(generation, 3))) {
    lose('response_format', 'approximated', 'The model is asked in words: it cannot hold an answer to JSON here.')
    return { instruction: inWords(schema, description) }
  }
  const responseMimeType = 'application/json'
  if (!schema) return { members: { responseMimeType } }
  if (traits.structuredOutput === 'json') {
    lose('response_format.json_schema', 'approximated', 'The model answers in JSON, and is asked for the schema in words.')
    return { members: { responseMimeType }, instruction: inWords(schema, description) }
  }
  if (description) lose('response_format.json_schema.description', 'dropped', 'A format has no description here.')
  if (traits.schemaDialect === 'openapi-subset')
    return { members: { responseMimeType, responseSchema: toOpenApi(schema, 'response_format.json_schema.schema', lose) } }
  return { members: { responseMimeType, responseJsonSchema: schema } }
}

function inWords(schema: object | undefined, description: string | undefined): string {
  if (!schema) return 'Answer with one JSON object and nothing else.'
  const told = `Answer with JSON that fits this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}`
  return description ? `${description}\n${told}` : told
}

type Decoded = Omit<ChatRequest, 'messages' | 'tools' | 'toolChoice'>

export function decodeConfig(value: unknown, lose: ReportLoss): Decoded {
  const config = message(value)
  const { responseMimeType, responseSchema, responseJsonSchema, thinkingConfig, stopSequences, responseModalities, ...rest } =
    config
  const { temperature, topP, topK, maxOutputTokens, candidateCount, seed, presencePenalty, frequencyPenalty, ...others } = rest
  const { responseLogprobs, logprobs, responseFormat, ...unknown } = others
  const { mimeType, schema } = textFormat(responseFormat, lose)
  for (const member of Object.keys(unknown)) lose(`generationConfig.${member}`, 'dropped', 'Other vendors have no word for it.')
  if (asArray(responseModalities).some((modality) => modality !== 'TEXT'))
    lose('generationConfig.responseModalities', 'dropped', 'The target answers in text.')
  return compact({
    temperature: asNumber(temperature),
    topP: asNumber(topP),
    topK: asNumber(topK),
    maxTokens: asNumber(maxOutputTokens),
    n: asNumber(candidateCount),
    stop: Array.isArray(stopSequences) ? stopSequences.flatMap((each) => asString(each) ?? []) : undefined,
    seed: asNumber(seed),
    presencePenalty: asNumber(presencePenalty),
    frequencyPenalty: asNumber(frequencyPenalty),
    logprobs: responseLogprobs === true || undefined,
    topLogprobs: asNumber(logprobs),
    reasoning: decodeThinking(thinkingConfig, lose),
    responseFormat: decodeFormat(responseMimeType ?? mimeType, responseJsonSchema ?? schema, responseSchema, lose),
  })
}

/** What took the place of `responseMimeType` on Vertex AI: a list, with a member for each kind of answer. */
function textFormat(formats: unknown, lose: ReportLoss): { mimeType?: string; schema?: unknown } {
  const [own] = messages(formats).flatMap(({ text, ...others }) => {
    if (Object.keys(others).length > 0) lose('generationConfig.responseFormat', 'dropped', 'The target answers in text.')
    return text === undefined ? [] : [message(text)]
  })
  // Its type is written as `application/json` and as `APPLICATION_JSON`.
  return own ? { mimeType: (asString(own.mimeType) ?? '').toLowerCase().replace('_', '/'), schema: own.schema } : {}
}

function decodeFormat(mimeType: unknown, json: unknown, openApi: unknown, lose: ReportLoss): ResponseFormat | undefined {
  if (mimeType === undefined || mimeType === 'text/plain') return undefined
  if (mimeType !== 'application/json')
    lose('generationConfig.responseMimeType', 'approximated', 'The target knows text and JSON; JSON is asked for.')
  const schema = asJsonObject(json) ?? (openApi === undefined ? undefined : fromOpenApi(openApi))
  return schema ? { type: 'json-schema', name: 'response', schema } : { type: 'json' }
}
