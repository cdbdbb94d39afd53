/**
 * What a request asks of a model beyond text, read where it stands: to choose among models, a request need not be decoded.
 * One table for all protocols, so that it is loaded only where somebody chooses.
 */
import { asObject, isObject, type JsonObject } from '../core/json.js'
import { outputBound } from './output-bound.js'
import { type Path, someAt } from './path.js'

/** What has to be there for it. */
export interface Kinds {
  readonly tools: boolean
  readonly images: boolean
  readonly audio: boolean
  /** Documents, videos and other files. */
  readonly files: boolean
  /** The answer is held to a JSON Schema. */
  readonly structuredOutput: boolean
}

export interface Needs extends Kinds {
  /** Tokens that the answer may have, where the caller bounds it. */
  readonly maxOutputTokens?: number
  /** How many answers are asked for, each of so many tokens, where it is more than one. */
  readonly answers?: number
}

type Need = keyof Kinds

type Is = string | RegExp | ((found: object) => boolean)

/** Names joined by dots. What stands at its end counts when it is an object, one of this kind, or is this text or one like it. */
type Row = readonly [path: string, need: Need, is?: Is]

const tables: Readonly<Record<string, readonly Row[]>> = {
  'openai-chat': [
    ['tools.*', 'tools'],
    ['functions.*', 'tools'],
    ['messages.*.content.*.type', 'images', 'image_url'],
    // With what vLLM, OpenRouter and Mistral take beside OpenAI's own.
    ['messages.*.content.*.type', 'audio', /^(?:input_audio|audio_url)$/],
    ['messages.*.content.*.type', 'files', /^(?:file|video_url|document_url)$/],
    ['response_format.type', 'structuredOutput', 'json_schema'],
  ],
  'openai-responses': [
    ['tools.*', 'tools'],
    ['input.*.content.*.type', 'images', 'input_image'],
    ['input.*.content.*.type', 'audio', 'input_audio'],
    ['input.*.content.*.type', 'files', 'input_file'],
    ['input.*.output.*.type', 'images', 'input_image'],
    ['input.*.output.*.type', 'files', 'input_file'],
    ['input.*.output.type', 'images', 'computer_screenshot'],
    ['prompt.variables', 'images', fillsIn('input_image')],
    ['prompt.variables', 'files', fillsIn('input_file')],
    ['text.format.type', 'structuredOutput', 'json_schema'],
  ],
  'anthropic-messages': [
    ['tools.*', 'tools'],
    ['mcp_servers.*', 'tools'],
    ['messages.*.content.*.type', 'images', 'image'],
    ['messages.*.content.*.content.*.type', 'images', 'image'],
    ['messages.*.content.*.type', 'files', /^(?:document|container_upload)$/],
    ['messages.*.content.*.content.*.type', 'files', 'document'],
    ['output_config.format.type', 'structuredOutput', 'json_schema'],
    ['output_format.type', 'structuredOutput', 'json_schema'],
  ],
  gemini: [
    ['tools.*', 'tools'],
    ...inPart('contents.*.parts.*'),
    ...inPart('contents.*.parts.*.functionResponse.parts.*'),
    ...inPart('contents.*.parts.*.function_response.parts.*'),
    ...inPart('systemInstruction.parts.*'),
    ...inPart('system_instruction.parts.*'),
    ['generationConfig.responseSchema', 'structuredOutput'],
    ['generationConfig.responseJsonSchema', 'structuredOutput'],
    ['generation_config.response_schema', 'structuredOutput'],
    ['generation_config.response_json_schema', 'structuredOutput'],
  ],
  'bedrock-converse': [
    ['toolConfig.tools.*', 'tools'],
    ['messages.*.content.*.image', 'images'],
    ['messages.*.content.*.toolResult.content.*.image', 'images'],
    ['messages.*.content.*.guardContent.image', 'images'],
    ['messages.*.content.*.audio', 'audio'],
    ['messages.*.content.*.document', 'files'],
    ['messages.*.content.*.video', 'files'],
    ['messages.*.content.*.toolResult.content.*.document', 'files'],
    ['messages.*.content.*.toolResult.content.*.video', 'files'],
    ['outputConfig.textFormat.type', 'structuredOutput', 'json_schema'],
  ],
  'ai-sdk': [
    ['tools.*', 'tools'],
    ...media('prompt.*.content.*.mediaType'),
    ...media('prompt.*.content.*.output.value.*.mediaType'),
    ['responseFormat.schema', 'structuredOutput'],
  ],
}

/** Google and the AI SDK tell kinds of media apart by their type alone. */
function media(path: string, is: (kind: RegExp) => Is = (kind) => kind): Row[] {
  return [
    [path, 'images', is(/^image(?:\/|$)/)],
    [path, 'audio', is(/^audio(?:\/|$)/)],
    [path, 'files', is(/^(?!(?:image|audio)(?:\/|$))/)],
  ]
}

/** Google takes names in either spelling. */
function inPart(part: string): Row[] {
  return ['inlineData', 'inline_data', 'fileData', 'file_data'].flatMap((data) => media(`${part}.${data}`, ofType))
}

/** Some have none, such as the address of a video: https://ai.google.dev/gemini-api/docs/video-understanding#youtube */
function ofType(kind: RegExp): (media: object) => boolean {
  return (media) => {
    const { mimeType, mime_type } = asObject(media)
    return kind.test(String(mimeType ?? mime_type ?? ''))
  }
}

/** The gaps of a prompt have names of the caller's own. */
function fillsIn(type: string): (gaps: object) => boolean {
  return (gaps) => Object.values(gaps).some((given) => isObject(given) && given.type === type)
}

interface Compiled {
  readonly path: Path
  /** All that what stands there can be. */
  readonly needs: readonly { readonly need: Need; readonly is: Is | undefined }[]
}

const compiled: ReadonlyMap<string, readonly Compiled[]> = new Map(
  Object.entries(tables).map(([protocol, rows]) => [
    protocol,
    Array.from(
      Map.groupBy(rows, ([path]) => path),
      ([path, rows]) => ({
        path: path.split('.'),
        needs: rows.map(([, need, is]) => ({ need, is })),
      }),
    ),
  ]),
)

/** Of a request in this protocol. Embeddings need nothing that their models differ in. */
export function needsOf(protocol: string, body: JsonObject): Needs {
  const { asked, answers } = outputBound(protocol, body)
  return {
    ...kindsIn(protocol, body),
    ...(asked !== undefined && { maxOutputTokens: asked }),
    ...(answers > 1 && { answers }),
  }
}

export function kindsIn(protocol: string, body: JsonObject): Kinds {
  const found: { -readonly [need in Need]: boolean } = {
    tools: false,
    images: false,
    audio: false,
    files: false,
    structuredOutput: false,
  }
  for (const { path, needs } of compiled.get(protocol) ?? []) {
    someAt(body, path, (value) => {
      for (const { need, is } of needs) found[need] ||= counts(value, is)
      return needs.every(({ need }) => found[need])
    })
  }
  return found
}

function counts(value: unknown, is: Is | undefined): boolean {
  if (is === undefined) return isObject(value)
  if (typeof is === 'function') return isObject(value) && is(value)
  return typeof value === 'string' && (typeof is === 'string' ? value === is : is.test(value))
}
