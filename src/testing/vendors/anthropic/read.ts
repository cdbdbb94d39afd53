import { asArray, asNumber, asObject, asObjects, isObject, type Members } from '../../../core/json.js'
import type { Asked, ToolWish } from '../../mock/answer.js'
import type { PromptBlock } from '../../mock/memory.js'
import { textOf } from '../text-of.js'
import { merged } from './check.js'
import { resultText, thinks } from './thinking.js'

export function readMessage(body: Members): Asked {
  const turns = merged(asObjects(body.messages))
  const last = turns.at(-1)
  const user = turns.findLast((turn) => turn.role === 'user')?.blocks ?? []
  const format = asObject(body.output_config).format ?? body.output_format
  const maxTokens = asNumber(body.max_tokens)
  const count = (type: string) => user.filter((block) => block.type === type).length
  return {
    text: textOf(user),
    images: count('image'),
    files: count('document'),
    tools: asObjects(body.tools)
      .filter((tool) => tool.input_schema !== undefined)
      .map((tool) => ({ name: String(tool.name), schema: tool.input_schema })),
    choice: choiceOf(body.tool_choice),
    parallel: asObject(body.tool_choice).disable_parallel_tool_use !== true,
    results: user.filter((block) => block.type === 'tool_result').map((block) => resultText(block.content)),
    thinking: thinks(body.thinking),
    stop: asArray(body.stop_sequences).map(String),
    ...(format !== undefined && format !== null && { format: asObject(asObject(format).schema) }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(last?.role === 'assistant' && { prefill: textOf(last.blocks) }),
  }
}

function choiceOf(choice: unknown): ToolWish {
  const { type, name } = asObject(choice)
  if (type === 'tool') return { names: [String(name)] }
  if (type === 'any') return 'required'
  return type === 'none' ? 'none' : 'auto'
}

/** The prompt in the order in which Anthropic caches it: tools, system, messages. */
export function promptBlocks(body: Members): PromptBlock[] {
  const system = typeof body.system === 'string' ? [{ type: 'text', text: body.system }] : asObjects(body.system)
  const messages = merged(asObjects(body.messages)).flatMap(({ role, blocks }) =>
    blocks.map((block): Members => ({ role, ...block })),
  )
  const all: Members[] = [...asObjects(body.tools), ...system, ...messages]
  return all.map(({ cache_control, ...value }, index) => {
    // At the top of the body it marks the last block.
    const mark = cache_control ?? (index === all.length - 1 ? body.cache_control : undefined)
    return { value, ...(isObject(mark) && { mark: mark.ttl === '1h' ? ('1h' as const) : ('5m' as const) }) }
  })
}
