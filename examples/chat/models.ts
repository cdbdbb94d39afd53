/** What the page offers, and all that the server lets it ask for. The first is chosen to begin with. */
export const models = [
  { id: 'openai/gpt-4o-mini', vendor: 'OpenAI' },
  { id: 'anthropic/claude-haiku-4-5', vendor: 'Anthropic' },
  { id: 'google/gemini-2.5-flash', vendor: 'Google' },
] as const

/** What the server tells about an answer, once it is complete. */
export interface Told {
  readonly provider: string
  readonly model: string
  /** `null`: nobody knows the price of that model. */
  readonly usd: number | null
  readonly tokens: number
}
