const backslash = 0x5c
/** `<`, `&`, `%`: what a placeholder may begin with. */
const beginnings = [0x3c, 0x26, 0x25]

const stops = new Uint8Array(256)
for (const code of [...beginnings, backslash]) stops[code] = 1

/** Up to here a look at each byte is sooner done than four searches are called. */
const short = 512

/** Whether a placeholder may begin in these bytes, or one of the signs that do may be escaped in them. */
export function mayConcern(bytes: Uint8Array): boolean {
  if (bytes.length <= short && !hasStop(bytes)) return false
  for (const code of beginnings) if (bytes.includes(code)) return true
  for (let at = bytes.indexOf(backslash); at >= 0; at = bytes.indexOf(backslash, at + 2)) {
    const next = bytes[at + 1]
    if (next === backslash || next === 0x75) return true
  }
  return false
}

function hasStop(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (stops[bytes[at] ?? 0] === 1) return true
  return false
}
