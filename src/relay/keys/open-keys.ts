import { existsSync } from 'node:fs'
import { Keys, type KeysOptions } from './keys.js'

/** A folder that was lost, or none that lasts, is not to be found out about by keys that are refused. */
export async function openKeys(options: KeysOptions, warn: (message: string) => void): Promise<Keys> {
  const { pepper } = options
  const isNew = 'file' in pepper && !existsSync(pepper.file)
  const keys = await Keys.open(options)
  if (isNew && (await keys.list({ limit: 1 })).items.length > 0)
    warn(
      'The folder had no pepper, and a new one was made: no key that is in the database works. Bring the file `pepper` back, or set LEASH_RELAY_PEPPER to what was in it.',
    )
  return keys
}
