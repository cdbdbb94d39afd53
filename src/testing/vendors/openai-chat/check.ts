/** What OpenAI refuses of a chat completion, in its own words. */
import { asArray, asObject, asObjects, asString, isObject, type Members } from '../../../core/json.js'
import { refuse } from '../../mock/vendor.js'

const roles = ['system', 'assistant', 'user', 'function', 'tool', 'developer']

export function checkChat(body: Members, model: string): void {
  if (model === '') refuse(400, 'you must provide a model parameter')
  if (body.messages === undefined) {
    refuse(400, "Missing required parameter: 'messages'.", { param: 'messages', code: 'missing_required_parameter' })
  }
  const messages = asObjects(body.messages)
  if (messages.length === 0) {
    refuse(400, "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.", {
      param: 'messages',
      code: 'empty_array',
    })
  }
  checkMessages(messages)
  checkOptions(body, model, messages)
  checkTools(body)
}

function checkMessages(messages: readonly Record<string, unknown>[]): void {
  let open: string[] = []
  let opened = 0
  for (const [index, message] of messages.entries()) {
    const role = String(message.role)
    if (!roles.includes(role)) {
      refuse(
        400,
        `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
        { param: `messages[${index}].role`, code: 'invalid_value' },
      )
    }
    if (role === 'tool') {
      const id = String(message.tool_call_id)
      if (!open.includes(id)) refuseStrayResult(index)
      open = open.filter((other) => other !== id)
    } else if (open.length > 0) refuseUnanswered(open, opened)
    if (role === 'assistant') {
      open = asObjects(message.tool_calls).map(({ id }) => String(id))
      opened = index
      checkCalls(asArray(message.tool_calls), index)
    }
    checkContent(message, index)
  }
  if (open.length > 0) refuseUnanswered(open, opened)
}

function refuseStrayResult(index: number): never {
  refuse(400, "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", {
    param: `messages.[${index}].role`,
  })
}

function refuseUnanswered(ids: readonly string[], index: number): never {
  refuse(
    400,
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(', ')}`,
    { param: `messages.[${index + 1}].role` },
  )
}

function checkCalls(calls: readonly unknown[], index: number): void {
  for (const [at, call] of calls.entries()) {
    const target = asObject(asObject(call).function)
    if (asObject(call).type === 'function' && typeof target.arguments !== 'string') {
      const got = Array.isArray(target.arguments) ? 'an array' : target.arguments === undefined ? 'nothing' : 'an object'
      refuse(
        400,
        `Invalid type for 'messages[${index}].tool_calls[${at}].function.arguments': expected a string, but got ${got} instead.`,
        { param: `messages[${index}].tool_calls[${at}].function.arguments`, code: 'invalid_type' },
      )
    }
  }
}

/** Only user messages carry media; `tool`, `system` and `assistant` messages are text. */
function checkContent(message: Record<string, unknown>, index: number): void {
  if (message.content === undefined || message.content === null) {
    if (message.role === 'assistant' && (isObject(message.function_call) || Array.isArray(message.tool_calls))) return
    if (message.role === 'assistant' && (message.refusal !== undefined || isObject(message.audio))) return
    refuse(400, `Invalid value for 'content': expected a string, got null.`, { param: `messages.[${index}].content` })
  }
  const allowed = message.role === 'user' ? ['text', 'image_url', 'input_audio', 'file'] : ['text', 'refusal']
  for (const [at, part] of asArray(message.content).entries()) {
    const type = String(asObject(part).type)
    if (!allowed.includes(type)) {
      refuse(400, `Invalid value: '${type}'. Supported values are: ${allowed.map((name) => `'${name}'`).join(', ')}.`, {
        param: `messages[${index}].content[${at}].type`,
        code: 'invalid_value',
      })
    }
  }
}

function checkOptions(body: Members, model: string, messages: readonly Record<string, unknown>[]): void {
  if (isObject(body.stream_options) && body.stream !== true) {
    refuse(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", { param: 'stream_options' })
  }
  if (body.max_tokens !== undefined && /^(o\d|gpt-5)/.test(model)) {
    refuse(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", {
      param: 'max_tokens',
      code: 'unsupported_parameter',
    })
  }
  const stop = asArray(body.stop)
  if (stop.length > 4) {
    refuse(
      400,
      `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${stop.length} instead.`,
      { param: 'stop', code: 'array_above_max_length' },
    )
  }
  const format = asObject(body.response_format)
  if (format.type === 'json_object' && !/json/i.test(JSON.stringify(messages))) {
    refuse(400, "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", {
      param: 'messages',
    })
  }
  const schema = asObject(format.json_schema)
  if (format.type === 'json_schema') {
    if (typeof schema.name !== 'string') {
      refuse(400, "Missing required parameter: 'response_format.json_schema.name'.", {
        param: 'response_format.json_schema.name',
        code: 'missing_required_parameter',
      })
    }
    checkAnswerSchema(schema, 'response_format')
  }
}

function checkTools(body: Members): void {
  const tools = asObjects(body.tools)
  if (tools.length === 0) {
    if (body.tools !== undefined) {
      refuse(400, "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.", {
        param: 'tools',
        code: 'empty_array',
      })
    }
    for (const name of ['tool_choice', 'parallel_tool_calls']) {
      if (body[name] !== undefined && body[name] !== 'none') {
        refuse(400, `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`, { param: name })
      }
    }
  }
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== 'function') continue
    const { name, parameters, strict } = asObject(tool.function)
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(asString(name) ?? '')) {
      refuse(
        400,
        `Invalid 'tools[${index}].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
        { param: `tools[${index}].function.name`, code: 'invalid_value' },
      )
    }
    checkParameters(parameters, `Invalid schema for function '${name}'`, `tools[${index}].function.parameters`)
    if (strict === true) checkStrict(parameters, `Invalid schema for function '${name}'`, `tools[${index}].function.parameters`)
  }
  const forced = asString(asObject(asObject(body.tool_choice).function).name)
  if (forced !== undefined && !tools.some((tool) => asObject(tool.function).name === forced)) {
    refuse(400, `Invalid value for 'tool_choice': the tool '${forced}' was not found in 'tools'.`, { param: 'tool_choice' })
  }
}

export function checkParameters(parameters: unknown, title: string, param: string): void {
  if (parameters === undefined || parameters === null || asObject(parameters).type === 'object') return
  const type = asObject(parameters).type
  refuse(400, `${title}: schema must be a JSON Schema of 'type: "object"', got 'type: "${type ?? 'None'}"'.`, {
    param,
    code: 'invalid_function_parameters',
  })
}

export function checkAnswerSchema({ name, schema, strict }: Members, param: string): void {
  const title = `Invalid schema for response_format '${name}'`
  const { type } = asObject(schema)
  if (type !== undefined && ![type].flat().includes('object'))
    refuse(400, `${title}: schema must be a JSON Schema of 'type: "object"', got 'type: "${type}"'.`, { param })
  if (strict === true) checkStrict(schema, title, param)
}

/** Strict schemas name every property as required and close every object. https://platform.openai.com/docs/guides/structured-outputs */
export function checkStrict(given: unknown, title: string, param: string, context: readonly string[] = []): void {
  const schema = asObject(given)
  const where = `In context=(${context.map((step) => `'${step}'`).join(', ')})`
  const code = { param, code: param === 'response_format' ? null : 'invalid_function_parameters' }
  const properties = asObject(schema.properties)
  if (schema.type === 'object' || isObject(schema.properties)) {
    if (schema.additionalProperties !== false) {
      refuse(400, `${title}: ${where}, 'additionalProperties' is required to be supplied and to be false.`, code)
    }
    const lacking = Object.keys(properties).find((name) => !asArray(schema.required).includes(name))
    if (lacking !== undefined) {
      refuse(
        400,
        `${title}: ${where}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${lacking}'.`,
        code,
      )
    }
  }
  for (const [name, child] of Object.entries(properties)) checkStrict(child, title, param, [...context, 'properties', name])
  if (isObject(schema.items)) checkStrict(schema.items, title, param, [...context, 'items'])
  for (const [index, child] of asArray(schema.anyOf).entries()) {
    checkStrict(child, title, param, [...context, 'anyOf', String(index)])
  }
}
