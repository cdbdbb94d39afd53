/**
 * Where a string of JSON ends: behind its last quote, or at the end of the text.
 *
 * @param at the quote that it begins with
 */
export function endOfString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let from = end
    while (text[from - 1] === '\\') from--
    if ((end - from) % 2 === 0) return end + 1
  }
  return text.length
}
