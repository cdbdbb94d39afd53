/** What Google refuses of a content generation, in its own words. */
import { asArray, asObject, asObjects, asString, isObject, type Members } from '../../../core/json.js'
import { refuse, type World } from '../../mock/vendor.js'
import { camel, schemaFaults, unknownFields } from './schema.js'
import { checkThoughtSignatures } from './thoughts.js'

/** Unknown members are refused at every level whose members are listed here. */
const members = {
  body: 'contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent labels model serviceTier modelArmorConfig store',
  content: 'parts role',
  part: `text inlineData fileData functionCall functionResponse executableCode codeExecutionResult thought thoughtSignature
    videoMetadata mediaResolution toolCall toolResponse partMetadata mediaProcessing speechMetadata audioTranscription`,
  declaration: 'name description parameters parametersJsonSchema response responseJsonSchema behavior',
  config: `stopSequences responseMimeType responseSchema responseJsonSchema responseFormat responseModalities candidateCount
    maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs
    enableEnhancedCivicAnswers speechConfig thinkingConfig imageConfig mediaResolution audioTimestamp routingConfig
    modelSelectionConfig audioTranscriptionConfig enableAffectiveDialog translationConfig generationOutputConfig`,
  thinking: 'includeThoughts thinkingBudget thinkingLevel',
} satisfies Record<string, string>

const known = Object.fromEntries(Object.entries(members).map(([name, list]) => [name, new Set(list.split(/\s+/))])) as Record<
  keyof typeof members,
  Set<string>
>

interface Complaint {
  readonly path: string
  readonly why: string
}

export function checkContents(body: Members, model: string, world: World): void {
  const complaints = unknownMembers(body)
  if (complaints.length > 0) {
    const lines = complaints.map(({ why }) => `Invalid JSON payload received. ${why}`)
    refuse(400, lines.join('\n'), {
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: complaints.map(({ path, why }) => ({
            ...(path !== '' && { field: path }),
            description: `Invalid JSON payload received. ${why}`,
          })),
        },
      ],
    })
  }
  const contents = asObjects(body.contents)
  if (contents.length === 0) complain(['contents: contents is not specified'])
  checkTurns(contents)
  checkSchemas(body)
  const config = asObject(body.generationConfig)
  if (config.responseMimeType === 'application/json' && asArray(body.tools).length > 0 && /gemini-[12]\b/.test(model)) {
    refuse(400, "Function calling with a response mime type: 'application/json' is unsupported")
  }
  checkThoughtSignatures(contents, thinksOf(body, model) && fromThirdOn.test(model), world)
}

export const fromThirdOn = /gemini-([3-9]|\d\d)/

/** Gemini 3 always thinks; older models when they are told how much. */
export function thinksOf(body: Members, model: string): boolean {
  const config = asObject(asObject(body.generationConfig).thinkingConfig)
  if (config.thinkingBudget === 0) return false
  return fromThirdOn.test(model) || Object.keys(config).length > 0
}

const complain = (faults: readonly string[]): never =>
  refuse(400, faults.map((fault) => `* GenerateContentRequest.${fault}\n`).join(''))

function unknownMembers(body: Members): Complaint[] {
  const out = strangers(body, known.body, '')
  for (const [index, content] of asObjects(body.contents).entries()) {
    out.push(...strangers(content, known.content, `contents[${index}]`))
    for (const [at, part] of asObjects(content.parts).entries()) {
      out.push(...strangers(part, known.part, `contents[${index}].parts[${at}]`))
    }
  }
  const config = asObject(body.generationConfig)
  out.push(...strangers(config, known.config, 'generation_config'))
  out.push(...strangers(asObject(config.thinkingConfig), known.thinking, 'generation_config.thinking_config'))
  if (config.responseSchema) out.push(...unknownFields(config.responseSchema, 'generation_config.response_schema'))
  for (const { declaration, path } of declarations(body)) {
    out.push(...strangers(declaration, known.declaration, path))
    for (const name of ['parameters', 'response']) {
      if (isObject(declaration[name])) out.push(...unknownFields(declaration[name], `${path}.${name}`))
    }
  }
  return out
}

function strangers(value: Members, names: ReadonlySet<string>, path: string): Complaint[] {
  return Object.keys(value)
    .filter((name) => !names.has(camel(name)))
    .map((name) => ({ path, why: `Unknown name "${name}"${path === '' ? '' : ` at '${path}'`}: Cannot find field.` }))
}

export function* declarations(body: Members): Generator<{ declaration: Record<string, unknown>; path: string }> {
  for (const [index, tool] of asObjects(body.tools).entries()) {
    const list = asObjects(tool.functionDeclarations ?? tool.function_declarations)
    for (const [at, declaration] of list.entries()) {
      const named = Object.entries(declaration).map(([name, member]) => [camel(name), member])
      yield { declaration: Object.fromEntries(named), path: `tools[${index}].function_declarations[${at}]` }
    }
  }
}

function checkSchemas(body: Members): void {
  const faults: string[] = []
  for (const { declaration, path } of declarations(body)) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/.test(asString(declaration.name) ?? '')) {
      faults.push(`${path}.name: Invalid function name. Must start with a letter or an underscore.`)
    }
    if (declaration.parameters && declaration.parametersJsonSchema) {
      refuse(400, `Only one of parameters and parametersJsonSchema can be set at ${path}.`)
    }
    faults.push(...schemaFaults(declaration.parameters, `${path}.parameters`))
  }
  faults.push(...schemaFaults(asObject(body.generationConfig).responseSchema, 'generation_config.response_schema'))
  if (faults.length > 0) complain(faults)
}

/** Calls and their results stand in turns next to each other, as many here as there. */
function checkTurns(contents: readonly Members[]): void {
  const count = (content: Members | undefined, member: string) =>
    asArray(content?.parts).filter((part) => asObject(part)[member] !== undefined).length
  for (const [index, content] of contents.entries()) {
    if (content.role !== undefined && !['user', 'model', 'function'].includes(String(content.role))) {
      refuse(400, 'Please use a valid role: user, model.')
    }
    const parts = asObjects(content.parts)
    if (parts.length === 0) complain([`contents[${index}].parts: contents.parts must not be empty.`])
    for (const [at, part] of parts.entries()) {
      if (!Object.keys(part).some((name) => !['thought', 'thoughtSignature', 'partMetadata'].includes(name))) {
        complain([`contents[${index}].parts[${at}].data: required oneof field 'data' must have one initialized field`])
      }
    }
    const calls = count(contents[index - 1], 'functionCall')
    const responses = count(content, 'functionResponse')
    if (responses > 0 && calls === 0) {
      refuse(400, 'Please ensure that function response turn comes immediately after a function call turn.')
    }
    if (calls > 0 && responses !== calls) {
      refuse(
        400,
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      )
    }
  }
}
