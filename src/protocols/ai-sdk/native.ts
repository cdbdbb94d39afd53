/** The AI SDK's language models, specification v4: no vendor's wire, but how a caller speaks to a model in this process. */
import { withinProcess } from '../ai-sdk-model.js'
import type { Native } from '../protocol.js'
import { lens } from './lens.js'
import { protocolName } from './wire.js'

export const native: Native<'chat'> = { kind: 'chat', lens, ...withinProcess(protocolName) }
