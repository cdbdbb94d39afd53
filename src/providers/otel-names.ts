import { lookup } from '../protocols/lookup.js'

/**
 * Our providers as OpenTelemetry calls them, where its list has another name.
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/ (`gen_ai.provider.name`)
 */
const names: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  google: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  moonshot: 'moonshot_ai',
  xai: 'x_ai',
}

export function otelName(provider: string): string {
  return lookup(names, provider) ?? provider
}
