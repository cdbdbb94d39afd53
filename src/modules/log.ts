/** One line of JSON for each call. */
import { LeashError } from '../core/errors.js'
import { compact } from '../core/json.js'
import { type DetectOptions, type Detector, loadDetector } from '../detect/index.js'
import { defineModule } from './define.js'
import { type Destination, type LogTarget, openDestination } from './log/destination.js'
import { lineOf } from './log/line.js'
import type { Module, ModuleDefinition } from './module.js'

export interface LogOptions extends Pick<ModuleDefinition, 'when' | 'timeout'> {
  /** @defaultValue 'log' */
  readonly name?: string | undefined
  /** Where lines go. @defaultValue 'stdout' */
  readonly to?: LogTarget | undefined
  /** The share of calls that are logged, from 0 to 1. Those that fail always are. @defaultValue 1 */
  readonly sample?: number | undefined
  /** What was said, too. @defaultValue false */
  readonly content?: boolean | undefined
  /** Takes personal data and secrets out of all that a line quotes; with options, as they say. @defaultValue true */
  readonly redact?: boolean | DetectOptions | undefined
}

/**
 * A sink that writes a line for each call, when it is over. It stands inside of redaction.
 *
 * @example
 * createLeash({ modules: [log({ to: { file: 'calls.jsonl' } })] })
 */
export function log(options: LogOptions = {}): Module {
  const { name = 'log', to = 'stdout', sample = 1, content = false, redact = true, when, timeout } = options
  if (!(sample >= 0 && sample <= 1)) throw new LeashError('invalid_config', 'log(): `sample` is from 0 to 1.')
  const open = openDestination(to)
  let destination: Destination | undefined
  let detector: Detector | undefined
  return defineModule({
    name,
    version: '1.0.0',
    kind: 'sink',
    sees: 'redacted',
    content,
    ...compact({ when, timeout }),
    async start() {
      detector = redact === false ? undefined : await loadDetector(redact === true ? {} : redact)
      destination = await open()
    },
    response(answer, context) {
      if (answer.error === undefined && Math.random() >= sample) return
      return destination?.write(lineOf(answer, context, { content, detector })) as undefined
    },
    health: () => destination?.health() ?? { ok: false, detail: 'It has not started.' },
    stop: () => destination?.close(),
  })
}
