/** From the body of a `Converse` answer to the neutral answer. */
import { LeashError } from '../../core/errors.js'
import { asArray, asObject, asString } from '../../core/json.js'
import type { AssistantPart, ChatResponse, SignatureFormat } from '../../core/message.js'
import type { DecodeContext, ReportLoss } from '../protocol.js'
import { citationsOf, textIn } from './citations.js'
import { habitsOf } from './models.js'
import { finishReasonOf, tierIn, usageFrom } from './wire.js'

export function decodeResponse(body: unknown, { model, lose }: DecodeContext): ChatResponse {
  const answer = asObject(body)
  const { content } = asObject(asObject(answer.output).message)
  if (!Array.isArray(content)) {
    throw new LeashError('upstream_malformed', 'The upstream sent an answer without a message. Send the call again.', {
      retryable: true,
    })
  }
  const signer = habitsOf(model).signature
  const parts = content.flatMap((block, index) => decodeBlock(asObject(block), `content[${index}]`, signer, lose) ?? [])
  const usage = usageFrom(answer.usage)
  const stopSequence = stopSequenceOf(answer)
  const serviceTier = tierIn(answer)
  return {
    // Bedrock names an answer in a header only.
    id: '',
    model: routedModel(answer) ?? model,
    choices: [
      {
        content: parts,
        finishReason: finishReasonOf(
          answer.stopReason,
          parts.some(({ type }) => type === 'tool-call'),
        ),
        ...(stopSequence !== undefined && { stopSequence }),
      },
    ],
    ...(usage && { usage }),
    ...(serviceTier !== undefined && { serviceTier }),
  }
}

export function stopSequenceOf(answer: Record<string, unknown>): string | undefined {
  return asString(asObject(answer.additionalModelResponseFields).stop_sequence)
}

/** The model that a prompt router chose. */
function routedModel({ trace }: Record<string, unknown>): string | undefined {
  return asString(asObject(asObject(trace).promptRouter).invokedModelId)
}

/** Which of a block's members says what it is, and how that is read. */
type Reader = (value: unknown, path: string, signer: SignatureFormat | undefined, lose: ReportLoss) => AssistantPart | undefined

const readers: Readonly<Record<string, Reader>> = {
  text: (text) => ({ type: 'text', text: asString(text) ?? '' }),
  toolUse: decodeToolUse,
  reasoningContent: decodeReasoning,
  citationsContent: decodeCited,
  image: (image, path, _, lose) => imageOf(asObject(image), path, lose),
}

function decodeBlock(
  block: Record<string, unknown>,
  path: string,
  signer: SignatureFormat | undefined,
  lose: ReportLoss,
): AssistantPart | undefined {
  const name = Object.keys(block).find((member) => Object.hasOwn(readers, member))
  if (name) return readers[name]?.(block[name], path, signer, lose)
  lose(path, 'dropped', `a block of the kind "${Object.keys(block)[0]}" has no word elsewhere`)
  return undefined
}

/** A tool that Bedrock has run itself must not look like one for the caller to run. */
export function isServerTool(toolUse: Record<string, unknown>): boolean {
  return toolUse.type === 'server_tool_use'
}

function decodeToolUse(value: unknown, path: string, _: unknown, lose: ReportLoss): AssistantPart | undefined {
  const toolUse = asObject(value)
  if (isServerTool(toolUse)) {
    lose(path, 'dropped', 'a tool that ran at Amazon has no word elsewhere')
    return undefined
  }
  return {
    type: 'tool-call',
    id: asString(toolUse.toolUseId) ?? '',
    name: asString(toolUse.name) ?? '',
    arguments: JSON.stringify(asObject(toolUse.input)),
  }
}

function decodeReasoning(value: unknown, _: unknown, signer: SignatureFormat | undefined): AssistantPart {
  const { reasoningText, redactedContent } = asObject(value)
  const hidden = asString(redactedContent)
  const { text, signature } = asObject(reasoningText)
  const signed = hidden ?? asString(signature)
  return {
    type: 'reasoning',
    text: asString(text) ?? '',
    ...(hidden !== undefined && { redacted: true }),
    ...(signed && signer && { signature: { format: signer, value: signed } }),
  }
}

function decodeCited(value: unknown): AssistantPart {
  const { content, citations } = asObject(value)
  const text = textIn(content)
  const known = citationsOf(asArray(citations), text.length)
  return { type: 'text', text, ...(known.length > 0 && { citations: known }) }
}

export function imageOf(image: Record<string, unknown>, path: string, lose: ReportLoss): AssistantPart | undefined {
  const data = asString(asObject(image.source).bytes)
  if (!data) {
    lose(path, 'dropped', 'an image without its bytes has no word elsewhere')
    return undefined
  }
  return { type: 'image', source: { kind: 'base64', data, mediaType: `image/${asString(image.format) ?? 'png'}` } }
}
