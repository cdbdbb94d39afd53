/** A hash of texts that nobody tries to make meet, over UTF-16 units: http://www.isthe.com/chongo/tech/comp/fnv/. */
export function fnv1a(text: string, from = 0x811c9dc5): number {
  let hash = from
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
