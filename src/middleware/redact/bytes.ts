const backslash = 0x5c
/** `<`, `&`, `%`: what a placeholder may begin with. */
const beginnings = [0x3c, 0x26, 0x25]

/** Whether a placeholder may begin in these bytes, or one of the signs that do may be escaped in them. */
export function mayConcern(bytes: Uint8Array): boolean {
  for (const code of beginnings) if (bytes.includes(code)) return true
  for (let at = bytes.indexOf(backslash); at >= 0; at = bytes.indexOf(backslash, at + 2)) {
    const next = bytes[at + 1]
    if (next === backslash || next === 0x75) return true
  }
  return false
}
