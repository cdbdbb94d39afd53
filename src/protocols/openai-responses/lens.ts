/** Reads and edits native bodies and events in place. */
import { asObject, asString, isObject, type Json, type JsonObject } from '../../core/json.js'
import { editedList } from '../edited-list.js'
import { compileTexts } from '../lens.js'
import { lookup } from '../lookup.js'
import type { Lens, ReplaceText, TextKind } from '../protocol.js'
import { Watch } from './tap.js'
import { usageIn } from './usage.js'

type Replace = (body: JsonObject, replace: ReplaceText) => JsonObject

const byKind = (paths: Readonly<Record<string, TextKind>>): Replace => compileTexts(paths)

const message = byKind({
  content: 'text',
  'content.*.text': 'text',
  'content.*.refusal': 'text',
  'content.*.annotations.*.title': 'text',
})

const listed = byKind({
  'tools.*.description': 'description',
  'tools.*.tools.*.description': 'description',
  error: 'tool-result',
})

/** The texts of an item by its type. One without a type is a message. */
const items: Readonly<Record<string, Replace>> = {
  message,
  reasoning: byKind({ 'summary.*.text': 'reasoning', 'content.*.text': 'reasoning' }),
  function_call: byKind({ arguments: 'arguments' }),
  function_call_output: byKind({ output: 'tool-result', 'output.*.text': 'tool-result' }),
  custom_tool_call: byKind({ input: 'text' }),
  custom_tool_call_output: byKind({ output: 'tool-result', 'output.*.text': 'tool-result' }),
  mcp_call: byKind({ arguments: 'arguments', output: 'tool-result', error: 'tool-result' }),
  mcp_approval_request: byKind({ arguments: 'arguments' }),
  mcp_approval_response: byKind({ reason: 'tool-result' }),
  mcp_list_tools: listed,
  additional_tools: listed,
  tool_search_call: byKind({ arguments: 'arguments' }),
  tool_search_output: listed,
  file_search_call: byKind({ 'queries.*': 'text', 'results.*.text': 'tool-result', 'results.*.attributes': 'tool-result' }),
  web_search_call: byKind({ 'action.query': 'text', 'action.queries.*': 'text', 'action.pattern': 'text' }),
  image_generation_call: byKind({ revised_prompt: 'text' }),
  // The program itself stands beside its fingerprint, and stays as it is.
  program_output: byKind({ result: 'tool-result' }),
  code_interpreter_call: byKind({ code: 'text', 'outputs.*.logs': 'tool-result' }),
  shell_call: byKind({ 'action.commands.*': 'text' }),
  shell_call_output: byKind({ 'output.*.stdout': 'tool-result', 'output.*.stderr': 'tool-result' }),
  local_shell_call: byKind({ 'action.command.*': 'text', 'action.env': 'text', 'action.working_directory': 'text' }),
  local_shell_call_output: byKind({ output: 'tool-result' }),
  apply_patch_call: byKind({ 'operation.diff': 'text', 'operation.path': 'text' }),
  apply_patch_call_output: byKind({ output: 'tool-result' }),
  computer_call: byKind({ 'action.text': 'text', 'actions.*.text': 'text' }),
}

const replaceItem: Replace = (item, replace) => (lookup(items, item.type) ?? message)(item, replace)

const contentPart: Replace = (part, replace) =>
  (part.type === 'reasoning_text' || part.type === 'summary_text' ? reasoningPart : saidPart)(part, replace)
const saidPart = byKind({ text: 'text', refusal: 'text' })
const reasoningPart = byKind({ text: 'reasoning' })

const around: Replace = byKind({
  output_text: 'text',
  'tools.*.description': 'description',
  'tools.*.server_description': 'description',
  'tools.*.tools.*.description': 'description',
  'text.format.description': 'description',
})

/** An edit of one object member. */
const within =
  (name: string, edit: Replace): Replace =>
  (body, replace) => {
    const member = body[name]
    if (!isObject(member)) return body
    const edited = edit(member, replace)
    return edited === member ? body : { ...body, [name]: edited }
  }

/** What a stored prompt is filled with: texts, or content parts. */
const inPrompt = within(
  'prompt',
  within('variables', (variables, replace) => {
    const entries = Object.entries(variables)
    const edited = entries.map(([, value]) => {
      if (typeof value === 'string') return replace(value, 'text')
      return isObject(value) ? contentPart(value, replace) : value
    })
    if (edited.every((value, index) => value === entries[index]?.[1])) return variables
    return Object.fromEntries(entries.map(([name], index) => [name, edited[index]]))
  }),
)

/** A request, or the response that echoes most of it. */
const replaceBody: Replace = (body, replace) =>
  ['instructions', 'input', 'output'].reduce(
    (edited, name) => inItems(edited, name, replace),
    inPrompt(around(body, replace), replace),
  )

/** A member that is a list of items or, in short, one text. One item by itself is the API's to refuse, and is looked at. */
function inItems(body: JsonObject, name: string, replace: ReplaceText): JsonObject {
  const member = body[name]
  const edited = typeof member === 'string' ? replace(member, 'text') : editedItems(member, replace)
  return edited === member ? body : { ...body, [name]: edited }
}

function editedItems(list: Json | undefined, replace: ReplaceText): Json | undefined {
  if (isObject(list)) return replaceItem(list, replace)
  if (!Array.isArray(list)) return list
  return editedList(list, (item) => (isObject(item) ? replaceItem(item, replace) : item))
}

const inResponse = within('response', replaceBody)
const inItem = within('item', replaceItem)
const inPart = within('part', contentPart)

const events: Readonly<Record<string, Replace>> = {
  'response.created': inResponse,
  'response.queued': inResponse,
  'response.in_progress': inResponse,
  'response.completed': inResponse,
  'response.incomplete': inResponse,
  'response.failed': inResponse,
  'response.output_item.added': inItem,
  'response.output_item.done': inItem,
  'response.content_part.added': inPart,
  'response.content_part.done': inPart,
  'response.reasoning_summary_part.added': inPart,
  'response.reasoning_summary_part.done': inPart,
  'response.output_text.delta': byKind({ delta: 'text' }),
  'response.output_text.done': byKind({ text: 'text' }),
  'response.output_text.annotation.added': byKind({ 'annotation.title': 'text' }),
  'response.audio.transcript.delta': byKind({ delta: 'text' }),
  'response.refusal.delta': byKind({ delta: 'text' }),
  'response.refusal.done': byKind({ refusal: 'text' }),
  'response.function_call_arguments.delta': byKind({ delta: 'arguments' }),
  'response.function_call_arguments.done': byKind({ arguments: 'arguments' }),
  'response.mcp_call_arguments.delta': byKind({ delta: 'arguments' }),
  'response.mcp_call_arguments.done': byKind({ arguments: 'arguments' }),
  'response.custom_tool_call_input.delta': byKind({ delta: 'text' }),
  'response.custom_tool_call_input.done': byKind({ input: 'text' }),
  'response.code_interpreter_call_code.delta': byKind({ delta: 'text' }),
  'response.code_interpreter_call_code.done': byKind({ code: 'text' }),
  'response.shell_call_command.added': byKind({ command: 'text' }),
  'response.shell_call_command.delta': byKind({ delta: 'text' }),
  'response.shell_call_command.done': byKind({ command: 'text' }),
  'response.shell_call_output_content.delta': byKind({ 'delta.stdout': 'tool-result', 'delta.stderr': 'tool-result' }),
  'response.shell_call_output_content.done': byKind({ 'output.*.stdout': 'tool-result', 'output.*.stderr': 'tool-result' }),
  'response.reasoning_text.delta': byKind({ delta: 'reasoning' }),
  'response.reasoning_text.done': byKind({ text: 'reasoning' }),
  'response.reasoning_summary_text.delta': byKind({ delta: 'reasoning' }),
  'response.reasoning_summary_text.done': byKind({ text: 'reasoning' }),
}

export const lens: Lens = {
  replaceRequest: replaceBody,
  replaceResponse: replaceBody,
  replaceEvent: (event, replace) => lookup(events, event.type)?.(event, replace) ?? event,
  // Each part comes in deltas, is told whole when it is done, and again in every event about what it is a part of.
  repeats: ({ type }) => typeof type === 'string' && !type.endsWith('.delta'),
  bare: ({ output = [] }) => ({ output }),
  usage: (body) => usageIn(body) ?? usageIn(asObject(body).response),
  tier: (body) => tierIn(body),
  usageMembers: ['usage', 'service_tier', 'tool_usage'],
  besideMarks: ['_search_call"', '"image_generation_call"'],
  tap: () => new Watch(),
}

function tierIn(body: unknown): string | undefined {
  const { service_tier, response } = asObject(body)
  return asString(service_tier) ?? asString(asObject(response).service_tier)
}
