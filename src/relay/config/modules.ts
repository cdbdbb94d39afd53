import type { LeashOptions } from '../../leash.js'
import { findModule } from '../../modules/module-file.js'

/**
 * Looks that each file of a module is the one that is meant: so a configuration is refused as a whole, and not each call under it.
 *
 * @throws LeashError `invalid_config`
 */
export async function checkModules({ modules = [], shadow }: LeashOptions = {}): Promise<void> {
  for (const given of [...modules, ...(shadow?.modules ?? [])]) if ('integrity' in given) await findModule(given)
}
