import { asArray, asNumber, asObject, asObjects, isObject, type Members } from '../../../core/json.js'
import type { Asked, ToolWish } from '../../mock/answer.js'
import { textOf } from '../text-of.js'

export function readChat(body: Members): Asked {
  const messages = asObjects(body.messages)
  const lastAssistant = messages.findLastIndex((message) => message.role === 'assistant')
  const turn = messages.slice(lastAssistant + 1)
  const prefill = lastAssistant === messages.length - 1 ? textOf(messages[lastAssistant]?.content) : undefined
  const said = turn.filter((message) => message.role === 'user')
  const last =
    said.length > 0 || turn.some((message) => message.role === 'tool')
      ? said
      : messages.filter((message) => message.role === 'user')
  const parts = last.slice(-1).flatMap((message) => asObjects(message.content))
  const format = formatOf(body.response_format)
  const maxTokens = asNumber(body.max_completion_tokens) ?? asNumber(body.max_tokens)
  return {
    text: textOf(last.at(-1)?.content),
    images: parts.filter((part) => part.type === 'image_url').length,
    files: parts.filter((part) => part.type === 'file' || part.type === 'input_audio').length,
    tools: asArray(body.tools)
      .map((tool) => asObject(asObject(tool).function))
      .map((tool) => ({ name: String(tool.name), ...(tool.parameters !== undefined && { schema: tool.parameters }) })),
    choice: choiceOf(body.tool_choice),
    parallel: body.parallel_tool_calls !== false,
    results: turn.filter((message) => message.role === 'tool').map((message) => textOf(message.content)),
    thinking: thinks(body),
    stop: typeof body.stop === 'string' ? [body.stop] : asArray(body.stop).map(String),
    ...(format && { format }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(prefill !== undefined && { prefill }),
  }
}

/** `thinking` is how DeepSeek and its kin ask for it. */
function thinks(body: Members): boolean {
  const effort = body.reasoning_effort ?? asObject(body.reasoning).effort
  return (effort !== undefined && effort !== null && effort !== 'none') || asObject(body.thinking).type === 'enabled'
}

function choiceOf(choice: unknown): ToolWish {
  if (choice === 'none' || choice === 'required') return choice
  if (!isObject(choice)) return 'auto'
  const allowed = asArray(asObject(choice.allowed_tools).tools)
  const named = choice.type === 'allowed_tools' ? allowed : [choice]
  return { names: named.map((tool) => String(asObject(asObject(tool).function).name)) }
}

function formatOf(format: unknown): Asked['format'] {
  const { type, json_schema } = asObject(format)
  if (type === 'json_object') return true
  return type === 'json_schema' ? asObject(asObject(json_schema).schema) : undefined
}
