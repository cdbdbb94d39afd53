/** Claude's thinking, as Anthropic and Bedrock hand it out and want it back. */
import { asObject, asObjects, type Members } from '../../../core/json.js'
import { refuse, type World } from '../../mock/vendor.js'

/** Anthropic's own word to make its models redact their thinking, for tests. */
const redactionTrigger = 'ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING'

export type Thinking = { readonly text: string; readonly signature: string } | { readonly redacted: string }

/** Signatures are the same on every platform that serves Claude. */
const signed = 'claude-thinking'
const hidden = 'claude-redacted'

/** `shown` is false when the caller wants only the signature; it then holds for the empty text. */
export function thinkingFor(thought: string, nonce: string, { seal }: World, shown = true): Thinking[] {
  if (thought === '') return []
  if (thought.includes(redactionTrigger)) return [{ redacted: seal.sign(hidden, '', nonce) }]
  const text = shown ? thought : ''
  return [{ text, signature: seal.sign(signed, text, nonce) }]
}

function holdsThinking(text: unknown, signature: unknown, { seal }: World): boolean {
  return typeof text === 'string' && seal.holds(signature, signed, text)
}

function holdsRedacted(data: unknown, { seal }: World): boolean {
  return seal.holds(data, hidden, '')
}

type Turn = { readonly role: unknown; readonly blocks: readonly Members[] }

/**
 * Thinking that comes back must be what went out. Where the model is told to think by a budget, it must not be missing in front of the
 * tool calls that are now answered; by effort, it may.
 * https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking#validation-changes
 */
export function checkThinkingBlocks(turns: readonly Turn[], thinking: unknown, world: World): void {
  for (const [index, { blocks }] of turns.entries()) {
    for (const [at, block] of blocks.entries()) {
      const path = `messages.${index}.content.${at}`
      if (block.type === 'thinking' && !holdsThinking(block.thinking, block.signature, world)) {
        refuse(400, `${path}: Invalid \`signature\` in \`thinking\` block`)
      }
      if (block.type === 'redacted_thinking' && !holdsRedacted(block.data, world)) {
        refuse(400, `${path}: Invalid \`data\` in \`redacted_thinking\` block`)
      }
    }
  }
  const last = turns.length - 1
  const answers = turns[last]?.blocks.some((block) => block.type === 'tool_result')
  const first = String(turns[last - 1]?.blocks[0]?.type)
  if (asObject(thinking).type === 'enabled' && answers && !['thinking', 'redacted_thinking'].includes(first)) {
    refuse(
      400,
      `messages.${last - 1}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`,
    )
  }
}

/** `between_tools` and `adaptive` leave it to the model; the mock's model always thinks. */
export function thinks(thinking: unknown): boolean {
  const { type } = asObject(thinking)
  return type !== undefined && type !== 'disabled'
}

/** Text of a tool result: a string, or the text blocks of a list. */
export function resultText(content: unknown): string {
  if (typeof content === 'string') return content
  return asObjects(content)
    .map((block) => (block.type === 'text' ? String(block.text) : `[${block.type}]`))
    .join('\n')
}
