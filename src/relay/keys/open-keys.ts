import { existsSync } from 'node:fs'
import { Keys, type KeysOptions } from './keys.js'

/** A folder that was lost, or none that lasts, is not to be found out about by keys that are refused. */
export async function openKeys(options: KeysOptions, warn: (message: string) => void): Promise<Keys> {
  const { sql, pepper } = options
  // In this order: another that starts at the same moment makes its pepper before its keys.
  const hasKeys = 'file' in pepper && (await sql.all('SELECT id FROM keys LIMIT 1')).length > 0
  const isLost = hasKeys && !existsSync(pepper.file)
  const keys = await Keys.open(options)
  if (isLost)
    warn(
      'The folder had no pepper, and a new one was made: no key that is in the database works. Bring the file `pepper` back, or set LEASH_RELAY_PEPPER to what was in it.',
    )
  return keys
}
