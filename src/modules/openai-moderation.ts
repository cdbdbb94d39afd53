/** OpenAI's moderation endpoint: https://platform.openai.com/docs/api-reference/moderations */
import { LeashError } from '../core/errors.js'
import { asNumber, asObject, asObjects } from '../core/json.js'
import { readEnv } from '../providers/env.js'
import { type ModerationOptions, moderation, type Verdict } from './moderation.js'
import type { Module, ModuleContext, Text } from './module.js'

export interface OpenAIModerationOptions extends Omit<ModerationOptions, 'pre' | 'post'> {
  /** @defaultValue the environment's `OPENAI_API_KEY` */
  readonly apiKey?: string
  /** @defaultValue 'omni-moderation-latest' */
  readonly model?: string
  /** @defaultValue 'https://api.openai.com/v1' */
  readonly baseURL?: string
  /** Whether requests are judged. @defaultValue true */
  readonly request?: boolean
  /** Whether answers are judged; a stream waits for it until it is complete. @defaultValue false */
  readonly response?: boolean
  /** From which score on a category counts, from 0 to 1, in place of OpenAI's own flag: `{ violence: 0.4 }`. */
  readonly thresholds?: Readonly<Record<string, number>>
}

/** Texts are sent in pieces of so many characters. */
const longest = 20_000
/** Pieces in one request. */
const most = 32

/**
 * A policy that asks OpenAI, which is free of charge. It stands inside of redaction, so that what must not leave does not leave
 * here either, and fails closed.
 */
export function openaiModeration(options: OpenAIModerationOptions = {}): Module {
  const { apiKey, model, baseURL, request = true, response = false, thresholds, ...rest } = options
  const judge = async (texts: readonly Text[], { signal }: ModuleContext): Promise<Verdict> => {
    const key = apiKey ?? readEnv('OPENAI_API_KEY')
    if (key === undefined) throw new LeashError('missing_key', 'openaiModeration() has no key. Set OPENAI_API_KEY, or `apiKey`.')
    const pieces = texts.filter(({ kind }) => kind !== 'description').flatMap(({ text }) => piecesOf(text))
    const categories = new Set<string>()
    for (let at = 0; at < pieces.length; at += most) {
      const input = pieces.slice(at, at + most)
      const answer = await ask(
        `${baseURL ?? 'https://api.openai.com/v1'}/moderations`,
        key,
        { model: model ?? 'omni-moderation-latest', input },
        signal,
      )
      for (const category of flaggedIn(answer, input.length, thresholds)) categories.add(category)
    }
    return { flagged: categories.size > 0, categories: [...categories].sort() }
  }
  for (const [category, score] of Object.entries(thresholds ?? {}))
    if (!(score >= 0 && score <= 1))
      throw new LeashError('invalid_config', `openaiModeration(): the threshold of "${category.slice(0, 64)}" is from 0 to 1.`)
  if (!request && !response)
    throw new LeashError('invalid_config', 'openaiModeration() has nothing to judge: `request` and `response` are false.')
  return moderation({
    name: 'openai-moderation',
    sees: 'redacted',
    timeout: 10_000,
    ...rest,
    ...(request && { pre: judge }),
    ...(response && { post: judge }),
  })
}

function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += longest) pieces.push(text.slice(at, at + longest))
  return pieces.filter((piece) => piece.trim() !== '')
}

async function ask(url: string, key: string, body: object, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    // The key and the texts are for nobody else. Cloudflare's runtime refuses the word `error`.
    redirect: 'manual',
    signal,
  })
  if (response.ok) return response.json()
  await response.body?.cancel()
  throw new LeashError('upstream_error', `The moderation endpoint answered ${response.status}. See to its key and limits.`)
}

/** @throws LeashError when not every text was judged: what is missing is not taken for harmless */
function flaggedIn(answer: unknown, count: number, thresholds: OpenAIModerationOptions['thresholds']): string[] {
  const results = asObjects(asObject(answer).results)
  if (results.length !== count || results.some(({ flagged }) => typeof flagged !== 'boolean'))
    throw new LeashError('upstream_malformed', 'The moderation endpoint did not judge every text.')
  return results.flatMap(({ flagged, categories, category_scores }) => {
    const scores = asObject(category_scores)
    const flags = asObject(categories)
    const named = Object.keys({ ...flags, ...scores }).filter((name) => {
      const threshold = thresholds?.[name]
      return threshold === undefined ? flags[name] === true : (asNumber(scores[name]) ?? 1) >= threshold
    })
    return named.length === 0 && flagged && thresholds === undefined ? ['flagged'] : named
  })
}
