/** The parts of a model's turn, as they stand in an answer and come back in a history. */
import { asObject, asString } from '../../core/json.js'
import type { AssistantPart, ToolCallPart } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import { decodeMedia } from './media.js'
import { unwrapSignature } from './signature.js'
import { message } from './wire.js'

type WirePartMembers = Record<string, unknown>
type Decode = (part: WirePartMembers, path: string, lose: ReportLoss) => AssistantPart | undefined

/** What a part is, by the member it has. A part has one of these; `thought` and `thoughtSignature` stand beside it. */
const kinds = {
  text: decodeText,
  inlineData: decodeFile,
  fileData: decodeFile,
  executableCode: decodeCode,
  codeExecutionResult: decodeOutput,
  toolCall: atGoogle,
  toolResponse: atGoogle,
} as const satisfies Record<string, Decode>

/** Any part but a function's call or response, which need to know of the others. Undefined when nothing is left of it. */
export function decodePart(part: WirePartMembers, path: string, lose: ReportLoss): AssistantPart | undefined {
  for (const [member, decode] of Object.entries(kinds)) if (part[member] !== undefined) return decode(part, path, lose)
  // A signature may stand alone: https://ai.google.dev/gemini-api/docs/thought-signatures
  if (part.thoughtSignature !== undefined) return decodeText(part)
  if (Object.keys(part).length > 0) lose(path, 'dropped', 'A kind of part that no other vendor has.')
  return undefined
}

function decodeText(part: WirePartMembers): AssistantPart | undefined {
  const text = asString(part.text) ?? ''
  const signed = unwrapSignature(part.thoughtSignature)
  if (text === '' && !signed) return undefined
  if (part.thought === true) return { type: 'reasoning', text, ...signed }
  return { type: 'text', text, ...(signed && { signature: signed.signature }) }
}

export function decodeCall(part: WirePartMembers, id: string): ToolCallPart {
  const call = message(part.functionCall)
  const signed = unwrapSignature(part.thoughtSignature)
  return {
    type: 'tool-call',
    id: asString(call.id) || id,
    name: asString(call.name) ?? '',
    arguments: JSON.stringify(asObject(call.args)),
    ...(signed && { signature: signed.signature }),
  }
}

function decodeFile(part: WirePartMembers, path: string, lose: ReportLoss): AssistantPart | undefined {
  const media = decodeMedia(part)
  if (part.thoughtSignature !== undefined)
    lose(`${path}.thoughtSignature`, 'dropped', 'Only text, thinking and tool calls can carry it on.')
  if (media && media.type !== 'file') return media
  lose(path, 'dropped', 'Other vendors have no word for a file that the model made.')
  return undefined
}

function decodeCode(part: WirePartMembers, path: string, lose: ReportLoss): AssistantPart {
  const { code, language } = message(part.executableCode)
  lose(path, 'approximated', 'The code that Google ran is shown as text.')
  return { type: 'text', text: `\n\`\`\`${(asString(language) ?? '').toLowerCase()}\n${asString(code) ?? ''}\n\`\`\`\n` }
}

function decodeOutput(part: WirePartMembers, path: string, lose: ReportLoss): AssistantPart {
  const { output } = message(part.codeExecutionResult)
  lose(path, 'approximated', 'The output of the code that Google ran is shown as text.')
  return { type: 'text', text: `\n\`\`\`\n${asString(output) ?? ''}\n\`\`\`\n` }
}

function atGoogle(_: WirePartMembers, path: string, lose: ReportLoss): undefined {
  lose(path, 'dropped', 'A tool that Google ran by itself.')
}
