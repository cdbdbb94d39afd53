/** The AI SDK's embedding models, specification v4. */
import { withinProcess } from '../ai-sdk-model.js'
import type { Native } from '../protocol.js'
import { lens } from './lens.js'
import { protocolName } from './response.js'

export const native: Native<'embeddings'> = { kind: 'embeddings', lens, ...withinProcess(protocolName) }
