/** Our providers by what instrumentation of others calls them, in all editions of OpenTelemetry's conventions and beside them. */
import { lookup } from '../protocols/lookup.js'
import { presetAt } from './presets.js'

/** In lower case. Names that are ours as well are not listed. */
const systems: Readonly<Record<string, string>> = {
  'az.ai.inference': 'azure',
  'az.ai.openai': 'azure',
  'azure.ai.inference': 'azure',
  'azure.ai.openai': 'azure',
  azure_openai: 'azure',
  aws: 'bedrock',
  'aws.bedrock': 'bedrock',
  aws_bedrock: 'bedrock',
  gemini: 'google',
  'gcp.gemini': 'google',
  'gcp.gen_ai': 'google',
  google_genai: 'google',
  'gcp.vertex_ai': 'vertex',
  vertex_ai: 'vertex',
  vertexai: 'vertex',
  mistral_ai: 'mistral',
  mistralai: 'mistral',
  moonshot_ai: 'moonshot',
  moonshotai: 'moonshot',
  x_ai: 'xai',
}

const hosts: readonly (readonly [host: RegExp, provider: string])[] = [
  [/^api\.openai\.com$/, 'openai'],
  [/^api\.anthropic\.com$/, 'anthropic'],
  [/^generativelanguage\.googleapis\.com$/, 'google'],
  [/^([\w-]+-)?aiplatform\.googleapis\.com$/, 'vertex'],
  [/\.(openai|services\.ai|cognitiveservices)\.azure\.com$/, 'azure'],
  [/^bedrock-runtime(-fips)?\.[\w-]+\.amazonaws\.com$/, 'bedrock'],
]

/** Vendors who follow OpenAI's API are called by its SDK, whose instrumentation takes them for OpenAI: the host knows better. */
export function providerOfSystem(system: string, host: string): string {
  const at = presetAt(host) ?? hosts.find(([pattern]) => pattern.test(host))?.[1]
  if (at !== undefined) return at
  const name = system.trim().toLowerCase()
  return lookup(systems, name) ?? name
}
