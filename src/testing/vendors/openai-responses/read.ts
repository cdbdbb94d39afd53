import { asNumber, asObject, asObjects, asString, isObject, type Members } from '../../../core/json.js'
import type { Asked, ToolWish } from '../../mock/answer.js'

export function readItems(items: readonly Members[], body: Members): Asked {
  const lastOwn = items.findLastIndex(
    (item) => item.role === 'assistant' || item.type === 'function_call' || item.type === 'reasoning',
  )
  const turn = items.slice(lastOwn + 1)
  const results = turn.filter((item) => item.type === 'function_call_output')
  const said = (results.length > 0 ? turn : items).findLast((item) => item.role === 'user')
  const parts = asObjects(said?.content)
  const format = asObject(asObject(body.text).format)
  const maxTokens = asNumber(body.max_output_tokens)
  return {
    text: textOf(said?.content),
    images: parts.filter((part) => part.type === 'input_image').length,
    files: parts.filter((part) => part.type === 'input_file' || part.type === 'input_audio').length,
    tools: asObjects(body.tools)
      .filter((tool) => tool.type === 'function')
      .map(({ name, parameters }) => ({ name: String(name), ...(isObject(parameters) && { schema: parameters }) })),
    choice: choiceOf(body.tool_choice),
    parallel: body.parallel_tool_calls !== false,
    results: results.map((item) => textOf(item.output)),
    thinking: thinks(body),
    stop: [],
    ...(format.type === 'json_object' && { format: true as const }),
    ...(format.type === 'json_schema' && { format: asObject(format.schema) }),
    ...(maxTokens !== undefined && { maxTokens }),
  }
}

export function thinks(body: Members): boolean {
  return isObject(body.reasoning) && body.reasoning.effort !== 'none'
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return asObjects(content)
    .map((part) => asString(part.text) ?? (part.type === 'input_image' || part.type === 'input_file' ? undefined : ''))
    .filter((text) => text !== undefined)
    .join('\n')
}

function choiceOf(choice: unknown): ToolWish {
  if (choice === 'none' || choice === 'required') return choice
  if (!isObject(choice)) return 'auto'
  if (choice.type === 'allowed_tools') return { names: asObjects(choice.tools).map(({ name }) => String(name)) }
  return choice.type === 'function' ? { names: [String(choice.name)] } : 'auto'
}
