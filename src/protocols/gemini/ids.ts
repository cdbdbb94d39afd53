/** Names for tool calls that came without one. */

/** Marks a name that we gave: Gemini gets its part back as it wrote it, without an id. */
const mark = 'gem_'

/**
 * Unique over the turns of a conversation, because the response's own id is; the same each time the answer is read.
 * Short and plain enough for every vendor (OpenAI: at most 40 characters; Anthropic: letters, digits, `_` and `-`).
 */
export function callId(responseId: string, index: number): string {
  return `${mark}${responseId.replace(/[^A-Za-z0-9_-]/g, '').slice(-28)}_${index}`
}

export function isGivenByUs(id: string): boolean {
  return id.startsWith(mark)
}

/** The response's own id, or one for a server that sends none. */
export function responseIdOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : crypto.randomUUID().replaceAll('-', '')
}
