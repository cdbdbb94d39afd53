/**
 * What models of a family can, whoever serves them, from their makers' pages (read in November 2026). A `false` is of the
 * model itself; what one vendor withholds is said by its traits. What no page tells is left out.
 */
import type { Abilities } from '../core/capabilities.js'

const openai = 'https://developers.openai.com/api/docs/models'
const anthropic = 'https://platform.claude.com/docs/en/about-claude/models/overview'
const google = 'https://ai.google.dev/gemini-api/docs/models'
const aws = 'https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html'
const meta = 'https://www.llama.com/docs/model-cards-and-prompt-formats/'
const mistral = 'https://docs.mistral.ai/getting-started/models/'
const deepseek = 'https://api-docs.deepseek.com/quick_start/pricing'
const xai = 'https://docs.x.ai/docs/models'
const cohere = 'https://docs.cohere.com/docs/models'
const moonshot = 'https://platform.kimi.ai/docs/models'

const sees: Abilities = { tools: true, images: true, files: true, audio: false }
const hears: Abilities = { tools: true, images: false, files: false, audio: true, thinking: false }
const reads: Abilities = { images: false, audio: false, files: false }
const embeds: Abilities = { embeddings: true, tools: false, thinking: false }

/** Names in lower case; behind the start, a slash or a dot. The first row that matches counts. */
const rows: readonly (readonly [names: RegExp, abilities: Abilities, source: string])[] = [
  [/text-embedding-(3|ada)/, { ...embeds, ...reads }, openai],
  [/gemini-embedding-001/, { ...embeds, ...reads }, google],
  [/mistral-embed|codestral-embed/, { ...embeds, ...reads }, mistral],
  [
    /titan-embed-text/,
    { ...embeds, ...reads },
    'https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html',
  ],
  [/embed-v4/, { ...embeds, images: true, audio: false }, cohere],

  [/\bgpt-oss-/, { ...reads, tools: true, thinking: true }, 'https://huggingface.co/openai/gpt-oss-120b'],
  [/\bgpt-(4o(-mini)?-audio|audio)/, hears, openai],
  [/\bgpt-[\w.-]*(realtime|transcribe|tts|image|search)/, {}, openai],
  [/\bgpt-5(\.\d)?-chat/, { ...sees, thinking: false }, openai],
  [/\bgpt-[5-9]/, { ...sees, thinking: true }, openai],
  [/\bgpt-4(\.1|o)/, { ...sees, thinking: false }, openai],
  [/\bgpt-4-turbo/, { tools: true, images: true, audio: false, thinking: false }, openai],
  [/\bgpt-(4|3\.5)/, { ...reads, tools: true, thinking: false }, openai],
  [/\bo1-(mini|preview)/, { ...reads, tools: false, thinking: true }, openai],
  [/\bo3-mini/, { ...reads, tools: true, thinking: true }, openai],
  [/(^|\/)o[134](-|$)/, { ...sees, thinking: true }, openai],

  [/\bclaude-(instant|v?2)/, { ...reads, thinking: false }, anthropic],
  [/\bclaude-3-(haiku|sonnet|opus)/, { tools: true, images: true, audio: false, thinking: false }, anthropic],
  [/\bclaude-3[-.]5/, { ...sees, thinking: false }, anthropic],
  [/\bclaude-/, { ...sees, thinking: true }, anthropic],

  [/\bgemini-[\w.-]*(tts|image|live|native-audio|omni|embedding|robotics|computer-use)/, {}, google],
  [/\bgemini-(1\.5|2\.0)/, { ...sees, audio: true, thinking: false }, google],
  [/\bgemini-(2\.5|[3-9]|flash|pro)/, { ...sees, audio: true, thinking: true }, google],

  [/\bnova-micro/, { ...reads, tools: true, thinking: false }, aws],
  [/\bnova-(lite|pro|premier)/, { ...sees, thinking: false }, aws],
  [/\bnova-2-lite/, { ...sees, thinking: true }, aws],

  [/\bllama-?4/, { tools: true, images: true, audio: false, thinking: false }, meta],
  [/\bllama-?v?3[.p-]?[13]-/, { ...reads, tools: true, thinking: false }, meta],

  [/\b(codestral|devstral)/, { ...reads, tools: true, thinking: false }, mistral],
  [/\bmagistral/, { tools: true, audio: false, thinking: true }, mistral],
  [/\bmistral-(large-(latest|2512)|medium|small-(latest|2603))/, { tools: true, images: true, audio: false }, mistral],

  [/\bdeepseek-(flash|v4-flash)/, { tools: true, images: true, audio: false, thinking: true }, deepseek],
  [/\bdeepseek-v4-pro/, { ...reads, tools: true, thinking: true }, deepseek],
  [/\bgrok-3/, { ...reads, tools: true }, xai],
  [/\bgrok-(4[.-]|latest)/, { tools: true, images: true, audio: false }, xai],
  [/\bcommand-(a-03|r)/, { ...reads, tools: true, thinking: false }, cohere],
  [/\bkimi-(k2\.[5-9]|k3)/, { tools: true, images: true, audio: false, thinking: true }, moonshot],
]

export function abilitiesOf(model: string): Abilities {
  const name = model.toLowerCase()
  return rows.find(([names]) => names.test(name))?.[1] ?? {}
}

/** For the tests, and for whoever doubts a row. */
export const sources: readonly string[] = rows.map(([, , source]) => source)
