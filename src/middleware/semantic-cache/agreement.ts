import type { ChatResponse } from '../../core/message.js'
import type { Embedder } from './options.js'
import { dot, unit } from './vectors.js'

/**
 * How near two answers are, from 0 to 1: by the vectors of what they say, and 0 where they call other tools. The one who makes the
 * vectors decides what near means.
 */
export async function likeness(a: ChatResponse, b: ChatResponse, embedder: Embedder): Promise<number> {
  const [one, two] = [a, b].map(saidIn)
  if (!one || !two || one.calls !== two.calls) return 0
  if (one.text === two.text) return 1
  const [first, second] = (await embedder.embed([one.text, two.text])).map(unit)
  return first && second && first.length === second.length ? Math.max(0, dot(first, second)) : 0
}

function saidIn({ choices }: ChatResponse): { readonly text: string; readonly calls: string } {
  const parts = choices[0]?.content ?? []
  return {
    text: parts.map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join(''),
    calls: JSON.stringify(parts.flatMap((part) => (part.type === 'tool-call' ? [[part.name, part.arguments]] : []))),
  }
}
