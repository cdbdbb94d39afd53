/** Anthropic's Messages API: https://platform.claude.com/docs/en/api/messages. Claude on Vertex AI speaks it too. */
import type { JsonObject } from '../../core/json.js'
import type { Traits } from '../../core/provider.js'
import { sse } from '../framing/sse.js'
import type { Native, ReportLoss } from '../protocol.js'
import { decodeError, encodeError } from './error.js'
import { withoutForeign } from './foreign.js'
import { lens } from './lens.js'
import { withoutRefused } from './refused.js'
import { unsignedLoop, withoutUnsignedLoop } from './tool-loop.js'
import { protocolName } from './wire.js'

/** `…/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict` */
const onVertex = /\/publishers\/anthropic\/models\/([^/:]+):(stream)?rawPredict$/i

const messages = /(?:^|\/)messages\/?$/
/** OpenAI's assistants keep messages in threads. */
const ofThread = /\/threads\/[^/]+\/messages\/?$/

function match(path: string, body: JsonObject): { readonly model: string; readonly stream: boolean } | undefined {
  const [, model, streamed] = onVertex.exec(path) ?? []
  // Vertex counts tokens at a model of that name.
  if (model !== undefined)
    return model === 'count-tokens' ? undefined : { model, stream: streamed !== undefined || body.stream === true }
  if (!messages.test(path) || ofThread.test(path)) return undefined
  if (typeof body.model === 'string') return { model: body.model, stream: body.stream === true }
  // Asked by the path alone, before the body has been read.
  return Object.keys(body).length === 0 ? { model: '', stream: false } : undefined
}

function adapt(body: JsonObject, traits: Traits, lose: ReportLoss): JsonObject {
  const taken = withoutUnsignedLoop(withoutForeign(body, lose), () => lose('thinking', 'dropped', unsignedLoop))
  return traits.refuses ? withoutRefused(taken, traits, lose) : taken
}

export const native: Native<'chat'> = {
  name: protocolName,
  kind: 'chat',
  framing: sse,
  headers: ['anthropic-version', 'anthropic-beta'],
  lens,
  match,
  withModel: (body, model) => ({ ...body, model }),
  decodeError,
  encodeError,
  adapt,
}
