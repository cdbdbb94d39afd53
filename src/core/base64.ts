/** Base64 without Node's `Buffer`: edge runtimes have none. */

/** A text is taken as its UTF-8. */
export function base64Of(data: string | Uint8Array): string {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  let binary = ''
  // In slices: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}

/** In the alphabet that stands in addresses, without padding. */
export function base64urlOf(bytes: ArrayBuffer | Uint8Array): string {
  return base64Of(new Uint8Array(bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** In the one alphabet that every vendor reads, with its padding: Google takes the other too, and its SDK for Python writes it. */
export function plainBase64(base64: string): string {
  const plain = base64.replaceAll('-', '+').replaceAll('_', '/')
  return plain.length % 4 === 0 ? plain : plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
}

/** Undefined when it is no base64. */
export function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** @param base64 in either alphabet, padded or not: Google's SDKs rewrite what they hold as bytes */
export function textOfBase64(base64: string): string | undefined {
  const bytes = bytesOfBase64(plainBase64(base64))
  return bytes && new TextDecoder().decode(bytes)
}
