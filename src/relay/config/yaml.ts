import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { LeashError, messageOf } from '../../core/errors.js'

/** JSON is YAML, too. @returns null for a file with nothing in it. @throws LeashError `invalid_config` */
export function readYaml(path: string): unknown {
  if (!existsSync(path)) throw new LeashError('invalid_config', `There is no file ${path}.`)
  try {
    return parse(readFileSync(path, 'utf8'), { maxAliasCount: 100 })
  } catch (cause) {
    const [why] = messageOf(cause).split('\n', 1)
    throw new LeashError('invalid_config', `${path} is no YAML: ${why}`, { cause })
  }
}
