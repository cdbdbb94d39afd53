/** Text as base64 of its UTF-8, without Node's `Buffer`: edge runtimes have none. */
export function base64Of(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** In the one alphabet that every vendor reads, with its padding: Google takes the other too, and its SDK for Python writes it. */
export function plainBase64(base64: string): string {
  const plain = base64.replaceAll('-', '+').replaceAll('_', '/')
  return plain.length % 4 === 0 ? plain : plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
}

/** @param base64 in either alphabet, padded or not: Google's SDKs rewrite what they hold as bytes */
export function textOfBase64(base64: string): string | undefined {
  try {
    const binary = atob(plainBase64(base64))
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
  } catch {
    return undefined
  }
}
