/** What OpenAI refuses of a response request, in its own words. */
import { asArray, asNumber, asObject, asObjects, asString, isObject, type Members } from '../../../core/json.js'
import { refuse, type World } from '../../mock/vendor.js'
import { checkAnswerSchema, checkParameters, checkStrict } from '../openai-chat/check.js'
import { holdsReasoning } from './reasoning.js'

/** `client_metadata` is in no reference: Codex sends it, and OpenAI takes it. */
const known = new Set(
  `access_programs background client_metadata context_management conversation image include input instructions max_output_tokens
  max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key
  prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature
  text tool_choice tools top_logprobs top_p truncation user`.split(/\s+/),
)

/** Members of chat completions that are elsewhere now. */
const moved: Record<string, string> = {
  messages: 'input',
  max_tokens: 'max_output_tokens',
  max_completion_tokens: 'max_output_tokens',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
}

export function checkRequest(body: Members): void {
  for (const name of Object.keys(body)) {
    const place = moved[name]
    if (place !== undefined) {
      refuse(
        400,
        `Unsupported parameter: '${name}'. In the Responses API, this parameter has moved to '${place}'. Try again with the new parameter. See the API documentation for more information: https://platform.openai.com/docs/api-reference/responses/create.`,
        { param: name, code: 'unsupported_parameter' },
      )
    }
    if (!known.has(name)) refuse(400, `Unknown parameter: '${name}'.`, { param: name, code: 'unknown_parameter' })
  }
  if (typeof body.model !== 'string') lacks('model')
  if (['input', 'previous_response_id', 'prompt', 'conversation'].every((name) => body[name] === undefined)) {
    refuse(400, "One of 'input' or 'previous_response_id' or 'prompt' or 'conversation_id' must be provided.", {
      param: 'input',
      code: 'missing_required_parameter',
    })
  }
  const most = asNumber(body.max_output_tokens)
  if (most !== undefined && most < 16) {
    refuse(400, `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${most} instead.`, {
      param: 'max_output_tokens',
      code: 'integer_below_min_value',
    })
  }
  checkTools(asObjects(body.tools))
  const format = asObject(asObject(body.text).format)
  if (format.type === 'json_schema') {
    if (typeof format.name !== 'string') lacks('text.format.name')
    checkAnswerSchema(format, 'text.format.schema')
  }
}

function lacks(param: string): never {
  refuse(400, `Missing required parameter: '${param}'.`, { param, code: 'missing_required_parameter' })
}

function checkTools(tools: readonly Record<string, unknown>[]): void {
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== 'function') continue
    if (typeof tool.name !== 'string') lacks(`tools[${index}].name`)
    const title = `Invalid schema for function '${tool.name}'`
    checkParameters(tool.parameters, title, `tools[${index}].parameters`)
    if (tool.strict === true) checkStrict(tool.parameters, title, `tools[${index}].parameters`)
  }
}

const roles = ['assistant', 'system', 'developer', 'user']
const userParts = ['input_text', 'input_image', 'input_file', 'input_audio']
const assistantParts = ['output_text', 'refusal']

/** The whole conversation, earlier responses included. */
export function checkItems(items: readonly Record<string, unknown>[], world: World): void {
  for (const [index, item] of items.entries()) {
    if (item.role !== undefined) checkMessage(item, index)
    if (item.type === 'function_call') checkCall(item, index)
    if (item.type === 'reasoning') checkReasoning(item, items[index + 1], world)
    checkCompany(item, items.slice(0, index), world)
  }
  checkCallsAnswered(items)
}

function checkMessage(item: Record<string, unknown>, index: number): void {
  if (!roles.includes(String(item.role))) {
    refuse(400, `Invalid value: '${item.role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`, {
      param: `input[${index}]`,
      code: 'invalid_value',
    })
  }
  const allowed = item.role === 'assistant' ? assistantParts : userParts
  for (const [at, part] of asObjects(item.content).entries()) {
    if (allowed.includes(String(part.type))) continue
    refuse(400, `Invalid value: '${part.type}'. Supported values are: ${allowed.map((name) => `'${name}'`).join(', ')}.`, {
      param: `input[${index}].content[${at}]`,
      code: 'invalid_value',
    })
  }
}

function checkCall(item: Record<string, unknown>, index: number): void {
  if (typeof item.arguments !== 'string') {
    refuse(400, `Invalid type for 'input[${index}].arguments': expected a string, but got an object instead.`, {
      param: `input[${index}].arguments`,
      code: 'invalid_type',
    })
  }
  const id = asString(item.id)
  if (id !== undefined && !id.startsWith('fc')) {
    refuse(400, `Invalid 'input[${index}].id': '${id}'. Expected an ID that begins with 'fc'.`, {
      param: `input[${index}].id`,
      code: 'invalid_value',
    })
  }
}

function checkReasoning(item: Record<string, unknown>, next: Record<string, unknown> | undefined, world: World): void {
  const id = asString(item.id) ?? ''
  if (typeof item.encrypted_content === 'string') {
    if (!holdsReasoning(item.encrypted_content, world)) {
      const quoted = `${item.encrypted_content.slice(0, 4)}...${item.encrypted_content.slice(-4)}`
      refuse(
        400,
        `The encrypted content ${quoted} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
        { code: 'invalid_encrypted_content' },
      )
    }
  } else if (!world.memory.items.has(id)) {
    refuse(
      404,
      `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
      { param: 'input' },
    )
  }
  const follows =
    next && (next.role === 'assistant' || ['function_call', 'reasoning', 'item_reference'].includes(String(next.type)))
  if (!follows) {
    refuse(400, `Item '${id}' of type 'reasoning' was provided without its required following item.`, { param: 'input' })
  }
}

/** An item made with reasoning comes back behind that reasoning, when it comes back under its id. */
function checkCompany(item: Record<string, unknown>, before: readonly Record<string, unknown>[], world: World): void {
  const id = asString(item.id)
  const reasoning = id === undefined ? undefined : world.memory.reasoningOf.get(id)
  if (reasoning === undefined || before.some((other) => other.id === reasoning)) return
  refuse(
    400,
    `Item '${id}' of type '${item.type ?? 'message'}' was provided without its required 'reasoning' item: '${reasoning}'.`,
    { param: 'input' },
  )
}

function checkCallsAnswered(items: readonly Record<string, unknown>[]): void {
  const called = items.filter((item) => item.type === 'function_call').map((item) => item.call_id)
  const answered = items.filter((item) => item.type === 'function_call_output').map((item) => item.call_id)
  const stray = answered.find((id) => !called.includes(id))
  if (stray !== undefined) {
    refuse(400, `No tool call found for function call output with call_id ${stray}.`, { param: 'input' })
  }
  const open = called.find((id) => !answered.includes(id))
  if (open !== undefined) refuse(400, `No tool output found for function call ${open}.`, { param: 'input' })
}

/** The input as items, with those that came as an id put in. */
export function itemsOf(body: Members, world: World): Record<string, unknown>[] {
  const given = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : asArray(body.input).filter(isObject)
  const own = given.map((item) => {
    if (item.type !== 'item_reference') return item
    const stored = world.memory.items.get(String(item.id))
    if (!stored) refuse(404, `Item with id '${item.id}' not found.`, { param: 'input' })
    return stored
  })
  if (typeof body.previous_response_id !== 'string') return own
  const before = world.memory.responses.get(body.previous_response_id)
  if (!before) {
    refuse(400, `Previous response with id '${body.previous_response_id}' not found.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    })
  }
  return [...before, ...own]
}
