import type { World } from '../../mock/vendor.js'

const purpose = 'openai-reasoning'
/** How OpenAI's encrypted reasoning begins, it being a Fernet token. */
const prefix = 'gAAAAABo'

export function encryptReasoning(nonce: string, { seal }: World): string {
  return prefix + seal.sign(purpose, '', nonce)
}

export function holdsReasoning(token: string, { seal }: World): boolean {
  return token.startsWith(prefix) && seal.holds(token.slice(prefix.length), purpose, '')
}
