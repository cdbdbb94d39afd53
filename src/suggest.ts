/** Loaded by the first call for a model that nobody knows. */
import { nearestModels } from './catalog/nearest.js'
import { LeashError } from './core/errors.js'

/** The same error, with the names that may have been meant. */
export function suggest(error: LeashError, model: string): LeashError {
  const near = nearestModels(model)
  // What it lacks is a key, and not another name.
  if (near.length === 0 || near.includes(model)) return error
  return new LeashError('unknown_model', `${error.detail} Did you mean ${near.join(' or ')}?`, { cause: error.cause })
}
