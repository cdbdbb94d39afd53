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
export { defineModule } from './define.js'
export type { ModuleMetrics } from './metrics.js'
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
export type { ModuleState, ModuleStatus } from './slot.js'
