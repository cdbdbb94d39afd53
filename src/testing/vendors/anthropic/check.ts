/** What Anthropic refuses of a message, in its own words. */
import { asNumber, asObject, asObjects, asString, type Members } from '../../../core/json.js'
import { refuse } from '../../mock/vendor.js'

/** Of the reference and its betas; `temperature`, `top_k` and `top_p` are for older models. */
const known = new Set(
  `anthropic_beta anthropic_version billing_policy cache_control compaction container context_management diagnostics
  fallback_credit_token fallbacks inference_geo max_tokens mcp_servers messages metadata model output_config output_format
  service_tier speed stop_sequences stream system temperature thinking thread tool_choice tools top_k top_p user_profile_id
  workspace_id`.split(/\s+/),
)

const overloads = 'Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking'

export function checkMessage(body: Members, model: string, counting = false): void {
  const unknown = Object.keys(body).find((name) => !known.has(name))
  if (unknown !== undefined) refuse(400, `${unknown}: Extra inputs are not permitted`)
  if (model === '') refuse(400, 'model: Field required')
  if (!counting && body.max_tokens === undefined) refuse(400, 'max_tokens: Field required')
  if (body.messages === undefined) refuse(400, 'messages: Field required')
  const messages = asObjects(body.messages)
  if (messages.length === 0) refuse(400, 'messages: at least one message is required')
  checkRoles(messages, model)
  checkContents(messages)
  checkToolTurns(messages)
  checkTools(asObjects(body.tools))
  checkThinking(body)
  checkCacheMarks(body)
  checkLast(messages, model)
}

function checkRoles(messages: readonly Members[], model: string): void {
  for (const [index, { role }] of messages.entries()) {
    if (role === 'user' || role === 'assistant') continue
    if (role !== 'system') refuse(400, `messages.${index}.role: Input should be 'user' or 'assistant'`)
    // Since Claude Opus 4.8, system messages may stand in the middle of a conversation.
    if (index > 0 && /claude-[a-z]+-(4-[89]|[5-9])/.test(model)) continue
    refuse(
      400,
      'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
    )
  }
}

const blocksOf = (message: Members | undefined) => asObjects(message?.content)

function checkContents(messages: readonly Members[]): void {
  for (const [index, message] of messages.entries()) {
    const last = index === messages.length - 1
    const empty = message.content === '' || (Array.isArray(message.content) && message.content.length === 0)
    if (message.content === undefined || message.content === null) refuse(400, `messages.${index}.content: Field required`)
    if (empty && !(last && message.role === 'assistant')) {
      refuse(400, `messages.${index}: all messages must have non-empty content except for the optional final assistant message`)
    }
    for (const [at, block] of blocksOf(message).entries()) checkBlock(block, `messages.${index}.content.${at}`)
  }
}

function checkBlock(block: Members, path: string): void {
  if (typeof block.type !== 'string') refuse(400, `${path}.type: Field required`)
  if (block.type === 'text' && block.text === '') refuse(400, 'messages: text content blocks must be non-empty')
  if (block.type === 'tool_use' && (typeof block.input !== 'object' || block.input === null || Array.isArray(block.input))) {
    refuse(400, `${path}.tool_use.input: Input should be a valid dictionary`)
  }
  if (block.type === 'image_url') {
    refuse(
      400,
      `${path}: Input tag 'image_url' found using 'type' does not match any of the expected tags: 'document', 'image', 'redacted_thinking', 'search_result', 'server_tool_use', 'text', 'thinking', 'tool_result', 'tool_use'`,
    )
  }
}

/** Every call is answered in the very next message, and nothing is answered that was not called. */
function checkToolTurns(given: readonly Members[]): void {
  const messages = merged(given)
  for (const [index, { blocks }] of messages.entries()) {
    const called = ids(messages[index - 1]?.blocks ?? [], 'tool_use', 'id')
    const answered = ids(blocks, 'tool_result', 'tool_use_id')
    const stray = answered.findIndex((id) => !called.includes(id))
    if (stray >= 0) {
      const at = blocks.findIndex((block) => block.tool_use_id === answered[stray])
      refuse(
        400,
        `messages.${index}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${answered[stray]}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      )
    }
    const open = called.filter((id) => !answered.includes(id))
    if (open.length > 0) refuseOpen(index - 1, open)
  }
  const open = ids(messages.at(-1)?.blocks ?? [], 'tool_use', 'id')
  if (open.length > 0) refuseOpen(messages.length - 1, open)
}

function refuseOpen(index: number, open: readonly string[]): never {
  refuse(
    400,
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  )
}

const ids = (blocks: readonly Members[], type: string, member: string) =>
  blocks.filter((block) => block.type === type).map((block) => String(block[member]))

/** Adjacent messages of one role are one turn to Anthropic. */
export function merged(messages: readonly Members[]): { role: unknown; blocks: Members[] }[] {
  const out: { role: unknown; blocks: Members[] }[] = []
  for (const message of messages) {
    const blocks = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : blocksOf(message)
    const last = out.at(-1)
    if (last && last.role === message.role) last.blocks.push(...blocks)
    else out.push({ role: message.role, blocks: [...blocks] })
  }
  return out
}

function checkTools(tools: readonly Members[]): void {
  for (const [index, tool] of tools.entries()) {
    // Tools with a type of their own are the vendor's.
    if (tool.type !== undefined && tool.type !== 'custom') continue
    const path = `tools.${index}.custom`
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(asString(tool.name) ?? '')) {
      refuse(400, `${path}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`)
    }
    if (tool.input_schema === undefined) refuse(400, `${path}.input_schema: Field required`)
    const { type } = asObject(tool.input_schema)
    if (type === undefined) refuse(400, `${path}.input_schema.type: Field required`)
    if (type !== 'object') refuse(400, `${path}.input_schema.type: Input should be 'object'`)
  }
  if (new Set(tools.map((tool) => tool.name)).size < tools.length) refuse(400, 'tools: Tool names must be unique.')
}

function checkThinking(body: Members): void {
  const temperature = asNumber(body.temperature)
  if (temperature !== undefined && (temperature < 0 || temperature > 1)) refuse(400, 'temperature: range: 0..1')
  const thinking = asObject(body.thinking)
  if (thinking.type !== 'enabled') return
  const budget = asNumber(thinking.budget_tokens)
  if (budget === undefined) refuse(400, 'thinking.enabled.budget_tokens: Field required')
  if (budget < 1024) refuse(400, 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024')
  if ((asNumber(body.max_tokens) ?? Number.POSITIVE_INFINITY) <= budget) {
    refuse(400, `\`max_tokens\` must be greater than \`thinking.budget_tokens\`. ${overloads}#max-tokens-and-context-window-size`)
  }
  if (temperature !== undefined && temperature !== 1) {
    refuse(400, `\`temperature\` may only be set to 1 when thinking is enabled. ${overloads}#important-considerations`)
  }
  if (['any', 'tool'].includes(String(asObject(body.tool_choice).type))) {
    refuse(400, 'Thinking may not be enabled when tool_choice forces tool use.')
  }
}

function checkCacheMarks(body: Members): void {
  const marks = JSON.stringify([body.tools, body.system, body.messages]).match(/"cache_control":\{/g)?.length ?? 0
  if (marks > 4) refuse(400, `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`)
}

/** The beginning of the answer in the caller's words is called a prefill; Claude 4.6 and later take none. */
function checkLast(messages: readonly Members[], model: string): void {
  const last = messages.at(-1)
  if (last?.role !== 'assistant') return
  const text = typeof last.content === 'string' ? last.content : asString(blocksOf(last).at(-1)?.text)
  if (text !== undefined && /\s$/.test(text)) {
    refuse(400, 'messages: final assistant content cannot end with trailing whitespace')
  }
  if (/claude-[a-z]+-(4-[6-9]|[5-9])/.test(model)) {
    refuse(400, 'This model does not support assistant message prefill. The conversation must end with a user message.')
  }
}
