/** A judgement by somebody else: a function, an endpoint, a classifier. */
import { LeashError } from '../core/errors.js'
import { compact } from '../core/json.js'
import { type Action, Nonsense } from './actions.js'
import { defineModule } from './define.js'
import type { Module, ModuleContext, ModuleDefinition, Text } from './module.js'

export interface Verdict {
  readonly flagged: boolean
  /** Stand in annotations, events, and in what the caller is told. */
  readonly categories?: readonly string[]
  /** What the caller is told in place of the usual words. */
  readonly message?: string
}

/** Nothing: it may pass. */
export type Judge = (texts: readonly Text[], context: ModuleContext) => Verdict | undefined | Promise<Verdict | undefined>

export interface ModerationOptions extends Pick<ModuleDefinition, 'priority' | 'when' | 'timeout' | 'onError' | 'sees'> {
  /** @defaultValue 'moderation' */
  readonly name?: string
  /** Judges requests, before anything is sent. */
  readonly pre?: Judge
  /** Judges answers. A stream waits until it is complete and judged. */
  readonly post?: Judge
  /** @defaultValue 'block' */
  readonly action?: 'block' | 'warn' | 'annotate'
}

/**
 * A policy by functions of your own.
 *
 * @example
 * moderation({ pre: async (texts) => ({ flagged: await isRude(texts), categories: ['rude'] }) })
 */
export function moderation(options: ModerationOptions): Module {
  const { name = 'moderation', pre, post, action = 'block', priority, when, timeout, onError, sees } = options
  if (typeof pre !== 'function' && typeof post !== 'function')
    throw new LeashError('invalid_config', 'moderation() needs `pre`, `post`, or both: functions that judge texts.')
  if (!['block', 'warn', 'annotate'].includes(action))
    throw new LeashError('invalid_config', 'moderation(): `action` is one of block, warn, annotate.')
  const judge = async (judge: Judge, texts: readonly Text[], context: ModuleContext, direction: string) =>
    texts.length === 0 ? [] : heeded(await judge(texts, context), action, direction)
  return defineModule({
    name,
    version: '1.0.0',
    kind: 'policy',
    ...compact({ priority, when, timeout, onError, sees }),
    ...(pre && { request: ({ texts }, context) => judge(pre, texts, context, 'request') }),
    ...(post && { response: ({ texts }, context) => judge(post, texts, context, 'response') }),
  })
}

/** @throws Nonsense for what is no verdict: a judge that breaks must not let everything pass */
function heeded(verdict: Verdict | undefined, action: 'block' | 'warn' | 'annotate', direction: string): readonly Action[] {
  if (verdict === undefined) return []
  const { flagged, categories = [], message } = verdict
  if (typeof flagged !== 'boolean' || !Array.isArray(categories) || !categories.every((name) => typeof name === 'string'))
    throw new Nonsense('it gave back what is no verdict')
  if (!flagged) return []
  const found = Object.fromEntries(categories.map((name) => [name, 1]))
  const note: Action = { action: 'annotate', annotations: { [direction]: categories }, found, warn: action === 'warn' }
  if (action !== 'block') return [note]
  const what = direction === 'request' ? 'request' : 'answer'
  const why = categories.length > 0 ? ` (${categories.join(', ')})` : ''
  return [note, { action: 'block', message: message ?? `The ${what} was found to be unsafe${why}.`, found }]
}
