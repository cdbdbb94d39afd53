import type { ChatResponse } from '../../core/message.js'
import { answerOf } from '../mirror/answer.js'
import type { Embedder } from './options.js'
import { dot, unit } from './vectors.js'

/**
 * How near two answers are, from 0 to 1: by the vectors of what they say, and 0 where they call other tools. The one who makes the
 * vectors decides what near means.
 */
export async function likeness(a: ChatResponse, b: ChatResponse, embedder: Embedder): Promise<number> {
  const [one, two] = [answerOf(a), answerOf(b)]
  if (JSON.stringify(one.toolCalls) !== JSON.stringify(two.toolCalls)) return 0
  if (one.text === two.text) return 1
  const [first, second] = (await embedder.embed([one.text, two.text])).map(unit)
  return first && second && first.length === second.length ? Math.max(0, dot(first, second)) : 0
}
