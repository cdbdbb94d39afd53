/**
 * Tokens of plain ASCII text by the rules of tokenx, in one pass: by its regular expressions, to count 4,000 characters takes
 * longer than all else in a call. Short words are a token each, digits three to one, punctuation six, everything else seven.
 */

const [other, lower, digit, space, punctuation, end] = [0, 1, 2, 3, 4, 5] as const
const newline = 10

const kinds = new Uint8Array(128).fill(other)
for (let code = 97; code <= 122; code++) kinds[code] = lower
for (let code = 48; code <= 57; code++) kinds[code] = digit
for (const code of [9, newline, 11, 12, 13, 32]) kinds[code] = space
for (const sign of '.,!?;(){}[]<>:/\\|@#$%^&*+=`~_"-') kinds[sign.charCodeAt(0)] = punctuation

/** @returns undefined when some character is not ASCII */
export function asciiTokens(text: string): number | undefined {
  let tokens = 0
  let afterPunctuation = false
  for (let at = 0; at < text.length; ) {
    const from = at
    const kind = kindAt(text, at)
    if (kind === undefined) return undefined
    if (kind === space) {
      let broken = false
      let indented = false
      for (; kindAt(text, at) === space; at++) {
        indented ||= broken
        broken ||= text.charCodeAt(at) === newline
      }
      if (indented || (broken && !afterPunctuation)) tokens++
    } else if (kind === punctuation) {
      while (kindAt(text, at) === punctuation) at++
      tokens += Math.ceil((at - from) / 6)
      afterPunctuation = true
    } else {
      let lowers = 0
      let digits = 0
      for (; ; at++) {
        const next = kindAt(text, at)
        if (next === undefined) return undefined
        if (next >= space) break
        if (next === lower) lowers++
        else if (next === digit) digits++
      }
      tokens += ofWord(at - from, lowers, digits)
      afterPunctuation = false
    }
  }
  return tokens
}

function kindAt(text: string, at: number): number | undefined {
  return at < text.length ? kinds[text.charCodeAt(at)] : end
}

function ofWord(length: number, lowers: number, digits: number): number {
  if (digits === length) return Math.ceil(length / 3)
  return length <= 3 || (length <= 8 && lowers === length) ? 1 : Math.ceil(length / 7)
}
