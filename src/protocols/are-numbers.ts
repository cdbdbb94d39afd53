/** A vector, or the tokens of a text. */
export function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((number) => typeof number === 'number')
}
