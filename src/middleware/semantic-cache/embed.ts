import type { Call } from '../../core/call.js'
import type { Emitter } from '../../core/emitter.js'
import { LeashError } from '../../core/errors.js'
import { callId } from '../../core/id.js'
import { asArray, asObject, compact } from '../../core/json.js'
import type { Next } from '../../core/middleware.js'
import { createReport, endReport, reportResult } from '../../core/report.js'
import type { Find } from '../../core/target.js'
import { nearDuplicate } from './near-duplicate.js'
import type { Embedder, SemanticCacheOptions } from './options.js'

export interface EmbedDeps {
  readonly emitter: Emitter
  readonly find: Find
}

/** What makes vectors for a call; where that is a model, by calls of their own through the layers below. */
export function embedderFor(embed: SemanticCacheOptions['embed'], call: Call, next: Next, deps: EmbedDeps): Embedder {
  if (typeof embed === 'object') return embed
  if (embed === 'nearDuplicate') return nearDuplicate
  return { name: embed, embed: (texts) => embedThrough(embed, texts, call, next, deps) }
}

async function embedThrough(
  model: string,
  input: readonly string[],
  call: Call,
  next: Next,
  { emitter, find }: EmbedDeps,
): Promise<Float32Array[]> {
  const { here: _, source: __, ...around } = call
  const { tenant, user, key, tags } = call.options
  const report = createReport(callId(), tags)
  const asked: Call = {
    ...around,
    id: report.id,
    report,
    protocol: 'openai-embeddings',
    model,
    stream: false,
    body: { model, input: [...input], encoding_format: 'float' },
    headers: {},
    // Whoever calls pays for it.
    options: compact({ tenant, user, key, tags }),
  }
  try {
    const result = await next({ ...asked, target: find(model, asked) })
    reportResult(result, report, emitter)
    const vectors = result.stream ? [] : asArray(asObject(result.body).data).map(vectorIn)
    if (vectors.length === input.length) return vectors
    throw new LeashError('upstream_malformed', 'The model that embeds gave another number of vectors than there were texts.')
  } catch (error) {
    endReport(report, emitter)
    throw error
  }
}

function vectorIn(item: unknown): Float32Array {
  return Float32Array.from(asArray(asObject(item).embedding), Number)
}
