/** The option `redact`, as a module among the others. */
import { checkOptions } from '../config/schema.js'
import { compact } from '../core/json.js'
import { openRedaction, type Redaction } from '../middleware/redact/open.js'
import type { RedactOptions } from '../middleware/redact/options.js'
import { rulesOf } from '../middleware/redact/rules.js'
import { Nonsense } from './actions.js'
import { defineModule } from './define.js'
import type { Module, ModuleDefinition } from './module.js'

export interface RedactModuleOptions extends RedactOptions, Pick<ModuleDefinition, 'priority' | 'when' | 'timeout'> {
  /** @defaultValue 'redact' */
  readonly name?: string | undefined
}

/**
 * Takes personal data and secrets out of requests, and puts them back into answers. Modules that see what was redacted stand inside of
 * it, the others outside.
 *
 * @throws LeashError `invalid_config` for options that cannot be
 *
 * @example
 * createLeash({ modules: [redact({ when: { tenant: 'acme' } })] })
 */
export function redact(options: RedactModuleOptions = {}): Module {
  const { name = 'redact', priority, when, timeout, ...own } = options
  checkOptions({ redact: own })
  const { response } = rulesOf(own)
  let redaction: Redaction | undefined
  const module = defineModule({
    name,
    version: '1.0.0',
    kind: 'transformer',
    onError: own.onError ?? 'closed',
    ...compact({ priority, when, timeout }),
    async start() {
      redaction ??= await openRedaction(own)
    },
  })
  return Object.freeze({
    ...module,
    editsAnswers: response.size > 0,
    crossing(...way: Parameters<Redaction['way']>) {
      if (!redaction) throw new Nonsense('it has not started')
      return redaction.way(...way)
    },
  })
}
