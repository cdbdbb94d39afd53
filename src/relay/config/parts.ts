/** Parts that show only when they are made that they cannot be: who writes them is told so, and not each call under them. */
import { parseModel } from '../../catalog/resolve.js'
import { isLeashError, LeashError } from '../../core/errors.js'
import { rulesOf } from '../../middleware/budget/rules.js'
import { modelsIn } from '../../middleware/route/options.js'
import { findModule } from '../../modules/module-file.js'
import { readyModule } from '../../modules/ready.js'
import type { LeashOptions } from '../../open-leash.js'

export type Parts = Pick<LeashOptions, 'budgets' | 'modules' | 'redact' | 'routes' | 'shadow'>

/** @throws LeashError `invalid_config` */
export async function checkParts({ budgets = [], modules = [], redact, routes = {}, shadow = {} }: Parts = {}): Promise<void> {
  rulesOf([...budgets, ...(shadow.budgets ?? [])])
  for (const [name, route] of Object.entries(routes)) for (const model of modelsIn(route)) checkTarget(name, model)
  if (redact) await made((await import('../../middleware/redact/open.js')).openRedaction(redact === true ? {} : redact))
  for (const given of [...modules, ...(shadow.modules ?? [])]) {
    // A file may be another by now than the one that is meant.
    if ('integrity' in given) await findModule(given)
    else if ('use' in given) await made(readyModule(given).start?.({}))
  }
}

/** Which providers there are, each client knows for itself. */
function checkTarget(route: string, model: string): void {
  if (parseModel(model, () => true).provider !== undefined) return
  const message = `The route "${route}" leads to "${model}", which names no provider. Write it as "provider/model".`
  throw new LeashError('invalid_config', message)
}

/** What compiles patterns need not be where the relay runs: clients make parts of a policy for themselves. */
async function made(part: unknown): Promise<void> {
  try {
    await part
  } catch (error) {
    if (!isLeashError(error) || error.code !== 'missing_dependency') throw error
  }
}
