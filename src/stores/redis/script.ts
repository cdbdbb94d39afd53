import { hex } from '../../core/hex.js'

/** A Lua script, known to the server by the digest of its text. */
export interface Script {
  readonly text: string
  readonly digest: () => Promise<string>
}

export function script(text: string): Script {
  let digest: Promise<string> | undefined
  return {
    text,
    digest() {
      digest ??= sha1(text)
      return digest
    },
  }
}

/** Redis' own choice. By the platform's cryptography, which every runtime has. */
async function sha1(text: string): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)))
}
