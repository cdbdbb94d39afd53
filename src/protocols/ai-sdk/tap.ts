import { truncated } from '../../core/ending.js'
import type { LeashError } from '../../core/errors.js'
import { asObject, isObject, parseJson } from '../../core/json.js'
import type { Usage } from '../../core/usage.js'
import { readError } from '../ai-sdk-model.js'
import type { Tap, WireEvent } from '../protocol.js'
import { readTier, readUsage } from './usage.js'

/** What says nothing of the answer itself. */
const preface: ReadonlySet<unknown> = new Set([
  'stream-start',
  'response-metadata',
  'text-start',
  'reasoning-start',
  'ping',
  'raw',
])

export class PartTap implements Tap {
  content = false
  terminal = false
  usage: Usage | undefined
  tier: string | undefined
  error: LeashError | undefined

  see({ data }: WireEvent): void {
    const part = parseJson(data)
    if (!isObject(part)) return
    if (part.type === 'error') this.error ??= readError(part.error)
    else if (!preface.has(part.type) && part.delta !== '') this.content = true
    if (part.type !== 'finish') return
    this.usage = readUsage(part.usage)
    this.tier = readTier(part)
    if (asObject(part.finishReason).unified === 'interrupted') this.error ??= truncated()
    this.terminal = true
  }
}
