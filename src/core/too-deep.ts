/** No vendor's request is nested so deeply, and what is cannot be written down again. */
const most = 200

/** @param value as JSON is read */
export function isTooDeep(value: unknown, room = most): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (room === 0) return true
  for (const member of Array.isArray(value) ? value : Object.values(value)) if (isTooDeep(member, room - 1)) return true
  return false
}
