/** What Bedrock's Converse refuses, in its own words. */
import { asObject, asObjects, asString, isObject, type Members } from '../../../core/json.js'
import { Refusal, refuse, type World } from '../../mock/vendor.js'
import { checkThinkingBlocks, thinks } from '../anthropic/thinking.js'

export const isClaude = (model: string) => /claude/.test(model)

export function checkConverse(body: Members, model: string, world: World): void {
  const messages = asObjects(body.messages)
  for (const [index, { role }] of messages.entries()) {
    if (role === 'user' || role === 'assistant') continue
    refuse(
      400,
      `1 validation error detected: Value '${role}' at 'messages.${index + 1}.member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]`,
    )
  }
  if (messages.length === 0 || messages[0]?.role !== 'user') {
    refuse(400, 'A conversation must start with a user message. Try again with a conversation that starts with a user message.')
  }
  checkBlocks(messages)
  checkToolTurns(messages)
  checkToolConfig(body, messages)
  if (isClaude(model)) checkClaude(body, messages, world)
}

const blocksOf = (message: Members | undefined) => asObjects(message?.content)

function checkBlocks(messages: readonly Members[]): void {
  for (const [index, message] of messages.entries()) {
    if (index > 0 && messages[index - 1]?.role === message.role) {
      refuse(
        400,
        'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.',
      )
    }
    const blocks = blocksOf(message)
    if (blocks.length === 0) {
      refuse(
        400,
        `The content field in the Message object at messages.${index} is empty. Add a ContentBlock object to the content field and try again.`,
      )
    }
    for (const [at, block] of blocks.entries()) {
      const kinds = Object.keys(block)
      if (kinds.length !== 1) {
        refuse(
          400,
          `The ContentBlock object at messages.${index}.content.${at} must set one of the following keys: text, image, toolUse, toolResult, document, video, cachePoint, reasoningContent.`,
        )
      }
      if (typeof block.text === 'string' && block.text.trim() === '') {
        refuse(
          400,
          `The text field in the ContentBlock object at messages.${index}.content.${at} is blank. Add text to the text field, and try again.`,
        )
      }
      const input = asObject(block.toolUse).input
      if (block.toolUse !== undefined && !isObject(input)) {
        refuse(
          400,
          `The format of the value at messages.${index}.content.${at}.toolUse.input is invalid. Provide a json object for the field and try again.`,
        )
      }
    }
  }
}

/** Tools with a type are Bedrock's own, called and answered within one message. */
const idsOf = (message: Members | undefined, kind: 'toolUse' | 'toolResult') =>
  blocksOf(message)
    .filter((block) => block[kind] !== undefined && asObject(block[kind]).type === undefined)
    .map((block) => String(asObject(block[kind]).toolUseId))

function checkToolTurns(messages: readonly Members[]): void {
  for (const [index, message] of messages.entries()) {
    const called = idsOf(messages[index - 1], 'toolUse')
    const answered = idsOf(message, 'toolResult')
    if (answered.length > called.length) {
      refuse(
        400,
        `The number of toolResult blocks at messages.${index}.content exceeds the number of toolUse blocks of previous turn.`,
      )
    }
    const open = called.filter((id) => !answered.includes(id))
    if (open.length > 0) {
      refuse(400, `Expected toolResult blocks at messages.${index}.content for the following Ids: ${open.join(', ')}`)
    }
  }
}

function checkToolConfig(body: Members, messages: readonly Members[]): void {
  const uses = messages.some((message) => [...idsOf(message, 'toolUse'), ...idsOf(message, 'toolResult')].length > 0)
  if (body.toolConfig === undefined) {
    if (uses) refuse(400, 'The toolConfig field must be defined when using toolUse and toolResult content blocks.')
    return
  }
  const specs = asObjects(asObject(body.toolConfig).tools)
  if (specs.length === 0) {
    refuse(
      400,
      "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
  }
  for (const [index, { toolSpec }] of specs.entries()) {
    if (toolSpec === undefined) continue
    const { name, inputSchema } = asObject(toolSpec)
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(asString(name) ?? '')) {
      refuse(
        400,
        `1 validation error detected: Value '${name}' at 'toolConfig.tools.${index + 1}.member.toolSpec.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+`,
      )
    }
    if (asObject(asObject(inputSchema).json).type !== 'object') {
      refuse(400, `The value at toolConfig.tools.${index}.toolSpec.inputSchema.json.type must be one of the following: object.`)
    }
  }
}

/** What the model itself refuses comes through Bedrock in a sentence. */
function checkClaude(body: Members, messages: readonly Members[], world: World): void {
  const thinking = asObject(body.additionalModelRequestFields).thinking
  const turns = messages.map((message) => ({ role: message.role, blocks: blocksOf(message).map(asClaude) }))
  try {
    checkThinkingBlocks(turns, thinking, world)
    if (
      thinks(thinking) &&
      !['undefined', 'auto'].includes(String(Object.keys(asObject(asObject(body.toolConfig).toolChoice))[0]))
    ) {
      refuse(400, 'Thinking may not be enabled when tool_choice forces tool use.')
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    refuse(400, `The model returned the following errors: ${error.failure.message}`)
  }
}

/** The block as Anthropic spells it. */
function asClaude(block: Members): Record<string, unknown> {
  const { reasoningText, redactedContent } = asObject(block.reasoningContent)
  if (redactedContent !== undefined) return { type: 'redacted_thinking', data: redactedContent }
  if (reasoningText !== undefined) {
    const { text, signature } = asObject(reasoningText)
    return { type: 'thinking', thinking: text, signature }
  }
  if (block.toolResult !== undefined) return { type: 'tool_result' }
  return { type: block.toolUse === undefined ? 'text' : 'tool_use' }
}
