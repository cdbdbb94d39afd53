/** Where Vertex AI takes which call. */
import { LeashError } from '../core/errors.js'
import type { WireRequest } from '../core/provider.js'
import { pathOf } from './base-url.js'
import { type Addressed, notSpoken } from './endpoint.js'
import { geminiAddress } from './google.js'

/** https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude */
const anthropicVersion = 'vertex-2023-10-16'

/** @param parent the project and the place; empty with an API key, which has neither */
export function address(request: WireRequest, parent: string, name: string): Addressed {
  const { protocol, model, body, stream } = request
  if (protocol === 'gemini' || protocol === 'gemini-embeddings')
    return geminiAddress(request, `v1beta1/${geminiResource(model, parent)}`, name)
  if (parent === '')
    throw new LeashError(
      'invalid_config',
      `"${name}" has only an API key, which serves Gemini alone. Pass \`project\` to reach "${model}".`,
    )
  if (protocol === 'openai-chat') return { path: `v1/${parent}/endpoints/openapi/chat/completions` }
  if (protocol !== 'anthropic-messages') throw notSpoken(name, protocol)
  const { model: _, anthropic_version = anthropicVersion, ...rest } = body
  return {
    path: `v1/${parent}/publishers/anthropic/models/${pathOf(claudeId(model))}:${stream ? 'streamRawPredict' : 'rawPredict'}`,
    body: { anthropic_version, ...rest },
  }
}

/** A bare name is one of Google's models; tuned ones are endpoints, and a full resource name says all by itself. */
function geminiResource(model: string, parent: string): string {
  if (model.startsWith('projects/')) return pathOf(model)
  const bare = model.replace(/^(publishers\/google\/)?(google\/|models\/)?/, '')
  const place = parent === '' ? '' : `${parent}/`
  return place + pathOf(bare.startsWith('endpoints/') ? bare : `publishers/google/models/${bare}`)
}

/** Dates stand behind an `@` here: `claude-sonnet-4-5-20250929` is `claude-sonnet-4-5@20250929`. */
function claudeId(model: string): string {
  return model.replace(/^.*\//, '').replace(/-(\d{8})$/, '@$1')
}

export function parentOf(project: string, location: string): string {
  return `projects/${encodeURIComponent(project)}/locations/${location}`
}

export async function projectOf(find: () => Promise<string | undefined>, name: string): Promise<string> {
  const project = await find()
  if (project) return project
  throw new LeashError('invalid_config', `There is no project for "${name}". Set GOOGLE_CLOUD_PROJECT, or pass \`project\`.`)
}
