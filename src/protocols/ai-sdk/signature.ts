/**
 * What a part carries beside its text: opaque state of the vendor that made it. Ours says whose it is; the AI SDK's own
 * providers each have a member of their own, which is read, and written, so that a history may begin with one and go on with another.
 */
import { asObject, asString, isObject, type Members } from '../../core/json.js'
import type { CacheHint, ReasoningPart, Signature, SignatureFormat } from '../../core/message.js'
import { openAiCacheHint } from '../cache-hint.js'
import type { ReportLoss } from '../protocol.js'
import { isFormat } from '../signature-format.js'
import { type Metadata, ours } from './wire.js'

/** The state of a part of any type. */
export interface Carried {
  readonly signature?: Signature
  readonly id?: string
  readonly redacted?: boolean
  readonly summary?: boolean
}

/** Where the AI SDK's own providers keep it, by name of the provider. */
const theirs: readonly {
  readonly name: string
  readonly member: string
  readonly format: SignatureFormat
  readonly hides?: true
}[] = [
  { name: 'anthropic', member: 'signature', format: 'anthropic-claude-v1' },
  { name: 'anthropic', member: 'redactedData', format: 'anthropic-claude-v1', hides: true },
  { name: 'bedrock', member: 'signature', format: 'anthropic-claude-v1' },
  { name: 'bedrock', member: 'redactedData', format: 'anthropic-claude-v1', hides: true },
  { name: 'google', member: 'thoughtSignature', format: 'google-gemini-v1' },
  { name: 'vertex', member: 'thoughtSignature', format: 'google-gemini-v1' },
  { name: 'openai', member: 'reasoningEncryptedContent', format: 'openai-responses-v1' },
]

/** Others keep what may be shown and what may not in the same member. */
const tellsHiding = (format: SignatureFormat) => format === 'anthropic-claude-v1'

/** @param given `providerOptions` or `providerMetadata` of a part */
export function readCarried(given: unknown): Carried {
  const all = asObject(given)
  const own = asObject(all[ours])
  const { format, value } = asObject(own.signature)
  const marks = {
    ...(typeof own.id === 'string' && { id: own.id }),
    ...(own.redacted === true && { redacted: true }),
    ...(own.summary === true && { summary: true }),
  }
  if (typeof value === 'string' && isFormat(format)) return { ...marks, signature: { format, value } }
  for (const { name, member, format, hides } of theirs) {
    const { itemId: id = own.id, [member]: value } = asObject(all[name])
    if (typeof value !== 'string' || value === '') continue
    return { ...marks, signature: { format, value }, ...(hides && { redacted: true }), ...(typeof id === 'string' && { id }) }
  }
  return marks
}

/** For whoever keeps the part and brings it back. */
function writeCarried({ signature, id, redacted, summary }: Carried & Partial<ReasoningPart>): Metadata[string] {
  return {
    ...(signature && { signature: { format: signature.format, value: signature.value } }),
    ...(id !== undefined && { id }),
    ...(redacted && { redacted }),
    ...(summary && { summary }),
  }
}

/** The metadata of a part of an answer; nothing where it carries nothing. */
export function metadataOf(part: Carried, more: Metadata[string] = {}): { providerMetadata?: Metadata } {
  const own = { ...writeCarried(part), ...more }
  return Object.keys(own).length === 0 ? {} : { providerMetadata: { [ours]: own } }
}

/** The same for a part of a request, in the words of the AI SDK's own providers too. */
export function optionsOf(part: Carried & { readonly cache?: CacheHint }): { providerOptions?: Metadata } {
  const { signature, redacted = false, id, cache } = part
  const options: Record<string, Metadata[string]> = { ...metadataOf(part).providerMetadata }
  const add = (name: string, members: Metadata[string]) => {
    options[name] = { ...options[name], ...members }
  }
  for (const { name, member, format, hides = false } of theirs) {
    if (signature?.format !== format || (tellsHiding(format) && hides !== redacted)) continue
    add(name, { [member]: signature.value, ...(format === 'openai-responses-v1' && id !== undefined && { itemId: id }) })
  }
  if (cache) add('anthropic', { cacheControl: { type: 'ephemeral', ...(cache.ttl && { ttl: cache.ttl }) } })
  return Object.keys(options).length === 0 ? {} : { providerOptions: options }
}

/** A breakpoint of the prompt cache, as users of the AI SDK's own providers write it. */
export function cacheIn(part: Members): { cache?: CacheHint } {
  const { anthropic, bedrock, openai, [ours]: own } = asObject(part.providerOptions)
  for (const given of [asObject(own), asObject(anthropic)]) {
    const control = given.cacheControl ?? given.cache_control
    if (!isObject(control)) continue
    const ttl = asString(control.ttl)
    return { cache: ttl === '5m' || ttl === '1h' ? { ttl } : {} }
  }
  return isObject(asObject(bedrock).cachePoint) ? { cache: {} } : openAiCacheHint(breakpointIn(openai), '', () => {})
}

function breakpointIn(openai: unknown): Members {
  return { prompt_cache_breakpoint: asObject(openai).promptCacheBreakpoint }
}

export const whyNotTranslated = "Options of the AI SDK's own providers are not translated."

const understood: ReadonlySet<string> = new Set([
  'cacheControl',
  'cache_control',
  'cachePoint',
  'imageDetail',
  'promptCacheBreakpoint',
])

/** What else the caller says of a part or a tool means something at one provider alone. */
export function loseOptions({ providerOptions }: Members, path: string, lose: ReportLoss): void {
  for (const [name, options] of Object.entries(asObject(providerOptions)))
    for (const option of name === ours ? [] : Object.keys(asObject(options)))
      if (!understood.has(option)) lose(`${path}.providerOptions.${name}.${option}`, 'dropped', whyNotTranslated)
  openAiCacheHint(breakpointIn(asObject(providerOptions).openai), path, lose)
}
