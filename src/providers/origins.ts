/** Who lives where a vendor's SDK sends its requests, by the protocol that it speaks. */
const origins: Readonly<Record<string, { readonly provider: string; readonly hosts: readonly string[] }>> = {
  'openai-chat': { provider: 'openai', hosts: ['api.openai.com'] },
  'openai-responses': { provider: 'openai', hosts: ['api.openai.com'] },
  'openai-embeddings': { provider: 'openai', hosts: ['api.openai.com'] },
  'anthropic-messages': { provider: 'anthropic', hosts: ['api.anthropic.com'] },
  gemini: { provider: 'google', hosts: ['generativelanguage.googleapis.com'] },
  'gemini-embeddings': { provider: 'google', hosts: ['generativelanguage.googleapis.com'] },
  'bedrock-converse': { provider: 'bedrock', hosts: [] },
  'bedrock-embeddings': { provider: 'bedrock', hosts: [] },
}

/** The provider that a caller of this protocol means when it names none. */
export function originOf(protocol: string): string {
  return origins[protocol]?.provider ?? 'openai'
}

const vendors = Object.values(origins).flatMap(({ hosts }) => hosts.map((host) => `https://${host}/`))

/** Whether the address is the vendor's public one, and not a proxy or a server of the caller's own. */
export function isPublicEndpoint(url: string): boolean {
  return vendors.some((vendor) => url.startsWith(vendor))
}
