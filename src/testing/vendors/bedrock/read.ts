import { asArray, asNumber, asObject, asObjects, type Members, parseJson } from '../../../core/json.js'
import type { Asked, ToolWish } from '../../mock/answer.js'
import type { PromptBlock } from '../../mock/memory.js'
import { thinks } from '../anthropic/thinking.js'
import { textOf } from '../text-of.js'

export function readConverse(body: Members): Asked {
  const messages = asObjects(body.messages)
  const user = blocksOf(messages.findLast((message) => message.role === 'user'))
  const last = messages.at(-1)
  const { maxTokens, stopSequences } = asObject(body.inferenceConfig)
  const format = schemaOf(body)
  const most = asNumber(maxTokens)
  const count = (kind: string) => user.filter((block) => block[kind] !== undefined).length
  return {
    text: textOf(user),
    images: count('image'),
    files: count('document') + count('video'),
    tools: toolsOf(body)
      .filter((tool) => tool.toolSpec !== undefined)
      .map((tool) => asObject(tool.toolSpec))
      .map((tool) => ({ name: String(tool.name), schema: asObject(tool.inputSchema).json })),
    choice: choiceOf(asObject(body.toolConfig).toolChoice),
    parallel: asObject(asObject(body.additionalModelRequestFields).tool_choice).disable_parallel_tool_use !== true,
    results: user.filter((block) => block.toolResult !== undefined).map((block) => resultText(block.toolResult)),
    thinking: thinks(asObject(body.additionalModelRequestFields).thinking),
    stop: asArray(stopSequences).map(String),
    ...(format && { format }),
    ...(most !== undefined && { maxTokens: most }),
    ...(last?.role === 'assistant' && { prefill: textOf(blocksOf(last)) }),
  }
}

const blocksOf = (message: Members | undefined) => asObjects(message?.content)
const toolsOf = (body: Members) => asObjects(asObject(body.toolConfig).tools)

function resultText(given: unknown): string {
  return asObjects(asObject(given).content)
    .map((block) => {
      if (typeof block.text === 'string') return block.text
      return 'json' in block ? JSON.stringify(block.json) : `[${Object.keys(block)[0]}]`
    })
    .join('\n')
}

function choiceOf(choice: unknown): ToolWish {
  const { any, tool } = asObject(choice)
  if (tool !== undefined) return { names: [String(asObject(tool).name)] }
  return any === undefined ? 'auto' : 'required'
}

/** Converse wants the schema as a text. */
function schemaOf(body: Members): Record<string, unknown> | undefined {
  const { structure } = asObject(asObject(body.outputConfig).textFormat)
  const { schema } = asObject(asObject(structure).jsonSchema)
  return schema === undefined ? undefined : asObject(typeof schema === 'string' ? parseJson(schema) : schema)
}

/** A cache point is a block of its own and marks the block in front of it. */
export function promptBlocks(body: Members): PromptBlock[] {
  const blocks = [
    ...toolsOf(body),
    ...asObjects(body.system),
    ...asObjects(body.messages).flatMap((message) => blocksOf(message)),
  ]
  const out: PromptBlock[] = []
  for (const block of blocks) {
    const before = out.at(-1)
    if (block.cachePoint === undefined) out.push({ value: block })
    else if (before) out[out.length - 1] = { ...before, mark: asObject(block.cachePoint).ttl === '1h' ? '1h' : '5m' }
  }
  return out
}
