/** The text as it was before it stood in an address; as it is, when it never did. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
