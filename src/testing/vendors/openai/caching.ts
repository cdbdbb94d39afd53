import type { World } from '../../mock/vendor.js'

/** OpenAI caches by itself, from 1024 tokens on and in steps of 128. `prompt` is how many tokens all blocks have. */
export function cachedTokens(blocks: readonly unknown[], prompt: number, { memory }: World): number {
  if (prompt < 1024) return 0
  const { read } = memory.cache(blocks.map((value) => ({ value, mark: '5m' })))
  return Math.floor(Math.min(read, prompt - 1) / 128) * 128
}
