/** Who lives where a vendor's SDK sends its requests, by the protocol that it speaks. Of the others it is OpenAI. */
const origins: Readonly<Record<string, string>> = {
  'anthropic-messages': 'anthropic',
  gemini: 'google',
  'gemini-embeddings': 'google',
  'bedrock-converse': 'bedrock',
  'bedrock-embeddings': 'bedrock',
}

/** The provider that a caller of this protocol means when it names none. */
export function originOf(protocol: string): string {
  return origins[protocol] ?? 'openai'
}

const vendors = /^https:\/\/(?:(?:[a-z]{2}\.)?api\.openai|api\.anthropic|generativelanguage\.googleapis)\.com\//

/** Whether the address is the vendor's public one, be it of a region, and not a proxy or a server of the caller's own. */
export function isPublicEndpoint(url: string): boolean {
  return vendors.test(url)
}
