/** Guards of your own, in the words of no vendor, for the option `modules`. */
export {
  type Action,
  type Annotations,
  annotate,
  block,
  edit,
  type Replace,
  retry,
  route,
  type TextEdit,
  transform,
} from './actions.js'
export type { Condition, Match, When } from './conditions.js'
export type { ContentRule, FilterAction, Severity } from './content-filter/rules.js'
export { type ContentFilterOptions, contentFilter } from './content-filter.js'
export { defineModule } from './define.js'
export type { FileTarget, HttpTarget, LogLine, LogTarget } from './log/destination.js'
export { type LogOptions, log } from './log.js'
export type { ModuleMetrics } from './metrics.js'
export { type Judge, type ModerationOptions, moderation, type Verdict } from './moderation.js'
export type {
  Actions,
  Module,
  ModuleAnswer,
  ModuleCall,
  ModuleContext,
  ModuleDefinition,
  ModuleHealth,
  ModuleKind,
  Piece,
  Schema,
  Text,
} from './module.js'
export { loadModule, type ModuleFile } from './module-file.js'
export { type OpenAIModerationOptions, openaiModeration } from './openai-moderation.js'
export { type PromptInjectionOptions, promptInjection } from './prompt-injection.js'
export type { ReadyModule } from './ready.js'
export { type RedactModuleOptions, redact } from './redact.js'
export type { ModuleState, ModuleStatus } from './slot.js'
