/** Where server-sent events end in bytes, which are not decoded for it. */
const [newline, carriageReturn] = [0x0a, 0x0d]

/** Whether an empty line ends here, with any of the line ends that server-sent events may have. */
export function endsEvent(bytes: Uint8Array, end: number): boolean {
  const last = bytes[end - 1]
  if (last === newline) {
    const before = bytes[end - 2]
    return before === newline || (before === carriageReturn && bytes[end - 3] === newline)
  }
  return last === carriageReturn && bytes[end - 2] === carriageReturn
}

/** Behind the last whole event; 0 when there is none. */
export function lastEventEnd(bytes: Uint8Array): number {
  for (let end = bytes.length; end > 1; end--) {
    const last = bytes[end - 1]
    if ((last === newline || last === carriageReturn) && endsEvent(bytes, end)) return end
  }
  return 0
}

/** Behind the event that begins at `from`. */
export function nextEventEnd(bytes: Uint8Array, from: number): number {
  for (let end = from + 2; end < bytes.length; end++) if (endsEvent(bytes, end)) return end
  return bytes.length
}
