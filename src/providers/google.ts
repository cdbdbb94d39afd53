import type { Provider, WireRequest } from '../core/provider.js'
import { pathOf } from './base-url.js'
import { endpoint, notSpoken } from './endpoint.js'
import { geminiTraits } from './gemini-traits.js'
import { type ProviderOptions, traitsWith } from './options.js'

export interface GoogleOptions extends ProviderOptions {}

const apiVersion = 'v1beta'

/**
 * The Gemini API of Google AI Studio. Reads `GOOGLE_API_KEY`, else `GEMINI_API_KEY`, in the order of Google's own SDK;
 * and `GOOGLE_GEMINI_BASE_URL`, which is without a version, as there. The `baseURL` option is with one.
 */
export function google(options: GoogleOptions = {}): Provider {
  const { name = 'google' } = options
  const { send, get, ...shared } = endpoint({
    name,
    options,
    base: `https://generativelanguage.googleapis.com/${apiVersion}`,
    baseVariable: { name: 'GOOGLE_GEMINI_BASE_URL', read: (value) => value.replace(/\/*(?=\?|$)/, `/${apiVersion}`) },
    credentials: [
      {
        option: 'apiKey',
        given: options.apiKey,
        variables: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'],
        headers: (key) => ({ 'x-goog-api-key': key }),
      },
    ],
  })
  return {
    name,
    protocols: ['gemini', 'gemini-embeddings'],
    traits: traitsWith(geminiTraits, options.traits),
    ...shared,
    prepare(request) {
      return send(request, geminiAddress(request, resourceOf(request.model), name))
    },
    probe: (path = 'models?pageSize=1') => get(path),
  }
}

/** A bare name is one of Google's models; a tuned one says so (`tunedModels/…`). */
function resourceOf(model: string): string {
  return pathOf(model.includes('/') ? model : `models/${model}`)
}

/** The method that a Gemini request calls is part of its address. */
export function geminiAddress(request: WireRequest, resource: string, provider: string): { path: string; query?: string } {
  const { protocol, stream, body } = request
  if (protocol === 'gemini')
    return stream ? { path: `${resource}:streamGenerateContent`, query: 'alt=sse' } : { path: `${resource}:generateContent` }
  if (protocol === 'gemini-embeddings') {
    // The body's form is the method's: `gemini-embeddings` chose it by the trait `embedForm`.
    const method = 'requests' in body ? 'batchEmbedContents' : 'instances' in body ? 'predict' : 'embedContent'
    return { path: `${resource}:${method}` }
  }
  throw notSpoken(provider, protocol)
}
