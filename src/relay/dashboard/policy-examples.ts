import type { Members } from '../../core/json.js'

/** Things that policies often say, to begin with. */
export interface PolicyExample {
  readonly name: string
  /** The text with it in; the example alone, when the text is no JSON. */
  readonly addTo: (text: string) => string
}

const example = (name: string, member: Members): PolicyExample => ({
  name,
  addTo: (text) => JSON.stringify({ ...objectIn(text), ...member }, null, 2),
})

export const examples: readonly PolicyExample[] = [
  example('A budget per day', { budgets: [{ limit: { usd: 25 }, per: 'day' }] }),
  example('Allowed models', { access: { models: { allow: ['gpt-4o-mini', 'claude-*'] } } }),
  example('A fallback', { fallback: { models: { 'gpt-*': ['claude-haiku-4-5'] } } }),
  example('A cache', { cache: { ttlMs: 3_600_000 } }),
  example('A limit of requests', { rateLimit: [{ limit: { requests: 600 }, per: 'minute', by: 'key' }] }),
  example('Redaction', { redact: { entities: ['EMAIL_ADDRESS', 'CREDIT_CARD'], mode: 'reversible' } }),
]

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  } catch {
    return {}
  }
}
