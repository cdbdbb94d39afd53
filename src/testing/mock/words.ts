/** How the mock cuts and counts text. A vendor counts otherwise; what matters here is that the same text always counts the same. */

/** A token: at most four characters of a word, with the space in front of it. Joined, the tokens are the text. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*\S{1,4}|\s+$/gu) ?? []
}

/** Words with the space in front of them, so many to a piece. Joined, the pieces are the text. */
export function piecesOf(text: string, words: number): string[] {
  const all = text.match(/\s*\S+|\s+$/gu) ?? []
  const out: string[] = []
  for (let at = 0; at < all.length; at += words) out.push(all.slice(at, at + words).join(''))
  return out
}

/** Tool arguments come in pieces that do not care for JSON's own seams. */
export function jsonPiecesOf(json: string, size = 9): string[] {
  const characters = [...json]
  const out: string[] = []
  for (let at = 0; at < characters.length; at += size) out.push(characters.slice(at, at + size).join(''))
  return out
}

const tokensPerMedia = 85
const base64 = /^[A-Za-z0-9+/_-]{200,}={0,2}$/

/** Tokens of every text in a value; an image or file counts as one flat price, however long its base64 is. */
export function countTokens(value: unknown): number {
  if (typeof value === 'string') {
    return value.startsWith('data:') || base64.test(value) ? tokensPerMedia : tokensOf(value).length
  }
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countTokens(item), 0)
  if (typeof value === 'object' && value !== null) return countTokens(Object.values(value))
  return 0
}
