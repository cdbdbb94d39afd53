/** Breakpoints of the prompt cache: a block of their own after what they cache, where others have a member on it. */
import type { CacheHint } from '../../core/message.js'
import type { ReportLoss } from '../protocol.js'
import type { ModelHabits } from './models.js'

type CachePoint = { cachePoint: { type: 'default'; ttl?: '5m' | '1h' } }

export function cachePoint(
  hint: CacheHint | undefined,
  place: 'system' | 'messages' | 'tools',
  path: string,
  habits: ModelHabits,
  lose: ReportLoss,
): CachePoint[] {
  if (!hint) return []
  if (!habits.cache?.includes(place)) {
    lose(`${path}.cache_control`, 'dropped', `this model has no cache points in ${place}`)
    return []
  }
  if (!hint.ttl) return [{ cachePoint: { type: 'default' } }]
  if (habits.cacheTtl) return [{ cachePoint: { type: 'default', ttl: hint.ttl } }]
  // Five minutes is what such a model does anyway.
  if (hint.ttl !== '5m') lose(`${path}.cache_control.ttl`, 'approximated', 'this model keeps its cache for five minutes')
  return [{ cachePoint: { type: 'default' } }]
}
