/** No vendor's request is nested so deeply, and what is cannot be written down again. */
const most = 200

/** By hand, and not by a function that calls itself: that is what such a body is sent for. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}
