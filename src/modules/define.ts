import { LeashError } from '../core/errors.js'
import { isObject } from '../core/json.js'
import { checkWhen } from './conditions.js'
import type { Issue, Module, ModuleDefinition, Schema, Validated } from './module.js'
import { parseRange, parseVersion } from './versions.js'

const kinds = ['inspector', 'policy', 'transformer', 'sink']
const hooks = ['request', 'response', 'chunk', 'start', 'stop', 'health'] as const
const members = [
  ...['name', 'version', 'kind', 'priority', 'when', 'timeout', 'onError', 'sees', 'content', 'holdBack', 'dependencies'],
  ...hooks,
  'options',
]
const mostHeldBack = 10_000

/**
 * A module for the option `modules`. With a schema as `options`: a function that takes what the schema does, and gives the module.
 *
 * @throws LeashError `invalid_config` that names each member at fault
 *
 * @example
 * const office = defineModule({
 *   name: 'office-hours',
 *   kind: 'policy',
 *   request: () => (new Date().getHours() < 6 ? block('Come back at six.') : undefined),
 * })
 */
export function defineModule<Input, Output>(
  definition: ModuleDefinition<Output> & { readonly options: Schema<Input, Output> },
): (options: Input) => Module
export function defineModule(definition: ModuleDefinition & { readonly options?: undefined }): Module
export function defineModule<Input, Output>(
  definition: ModuleDefinition<Output> & { readonly options?: Schema<Input, Output> | undefined },
): Module | ((options: Input) => Module) {
  check(definition)
  const { options: schema, ...rest } = definition
  if (!schema) return made(rest, undefined)
  return (options) => made(rest, validated(rest.name, schema, options))
}

function made<Options>(definition: ModuleDefinition<Options>, settings: unknown): Module {
  const { kind } = definition
  return Object.freeze({
    version: '0.0.0',
    priority: 100,
    timeout: kind === 'sink' ? 10_000 : 1000,
    onError: kind === 'policy' ? ('closed' as const) : ('open' as const),
    sees: 'original' as const,
    holdBack: 0,
    ...(definition as ModuleDefinition),
    settings,
  })
}

function check(definition: unknown): void {
  if (!isObject(definition)) throw new LeashError('invalid_config', 'A module is an object: defineModule({ name, kind, … }).')
  const faults = faultsIn(definition)
  if (faults.length === 0) return
  const name = typeof definition.name === 'string' ? ` "${definition.name.slice(0, 100)}"` : ''
  throw new LeashError('invalid_config', `The module${name}: ${faults.join('; ')}.`)
}

function faultsIn(definition: Record<string, unknown>): string[] {
  const { name, version, kind, priority, timeout, onError, sees, content, holdBack } = definition
  const faults: string[] = []
  const need = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault)
  }
  const strange = Object.keys(definition).filter((member) => !members.includes(member))
  need(strange.length === 0, `unknown member ${strange.map((it) => `\`${it}\``).join(', ')} (known: ${members.join(', ')})`)
  need(typeof name === 'string' && /^[a-z][\w.-]{0,63}$/i.test(name), '`name` is up to 64 letters, digits, dots and dashes')
  need(typeof kind === 'string' && kinds.includes(kind), `\`kind\` is one of ${kinds.join(', ')}`)
  need(
    version === undefined || (typeof version === 'string' && parseVersion(version) !== undefined),
    '`version` is written as 1.2.3',
  )
  need(priority === undefined || Number.isFinite(priority), '`priority` is a number')
  need(timeout === undefined || isWithin(timeout, 1, 2 ** 31 - 1), '`timeout` is milliseconds, at least 1')
  need(onError === undefined || onError === 'closed' || onError === 'open', "`onError` is 'closed' or 'open'")
  need(sees === undefined || sees === 'original' || sees === 'redacted', "`sees` is 'original' or 'redacted'")
  need(content === undefined || typeof content === 'boolean', '`content` is true or false')
  need(holdBack === undefined || isWithin(holdBack, 0, mostHeldBack), `\`holdBack\` is from 0 to ${mostHeldBack} characters`)
  for (const hook of hooks) need(isFunction(definition[hook]), `\`${hook}\` is a function`)
  need(
    kind !== 'sink' || (definition.request === undefined && definition.chunk === undefined && onError !== 'closed'),
    'a sink is told when all is over: it has `response` alone, and refuses nothing',
  )
  return [...faults, ...dependencyFaults(definition.dependencies), ...whenFaults(definition.when), ...schemaFaults(definition)]
}

const isWithin = (value: unknown, least: number, most: number) =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most

const isFunction = (value: unknown) => value === undefined || typeof value === 'function'

function dependencyFaults(dependencies: unknown): string[] {
  if (dependencies === undefined) return []
  if (!isObject(dependencies)) return ['`dependencies` is a record of versions by name']
  return Object.entries(dependencies).flatMap(([name, range]) =>
    typeof range === 'string' && parseRange(range)
      ? []
      : [`\`dependencies.${name}\` is written as 1.2.3, ^1.2.3, ~1.2.3, >=1.2.3 or *`],
  )
}

function whenFaults(when: unknown): string[] {
  try {
    checkWhen(when, 'when')
    return []
  } catch (error) {
    return [error instanceof LeashError ? error.detail.replace(/\.$/, '') : '`when` cannot be read']
  }
}

function schemaFaults({ options }: Record<string, unknown>): string[] {
  const isSchema = (value: unknown) =>
    ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value
  return options === undefined || isSchema(options) ? [] : ['`options` is a schema (zod, valibot, …: https://standardschema.dev)']
}

/** Values are never shown: one may be a key. */
function validated<Output>(name: string, schema: Schema<unknown, Output>, options: unknown): Output {
  const found = schema['~standard'].validate(options)
  if (found instanceof Promise)
    throw new LeashError(
      'invalid_config',
      `The module "${name}": its \`options\` cannot be checked at once. Use a schema without waits.`,
    )
  if (found.issues === undefined) return found.value
  throw new LeashError('invalid_config', `The options of the module "${name}": ${said(found)}.`)
}

function said({ issues }: Extract<Validated<unknown>, { issues: readonly Issue[] }>): string {
  const keyOf = (step: PropertyKey | { readonly key: PropertyKey }) => String(typeof step === 'object' ? step.key : step)
  return issues.map(({ path, message }) => `\`${path?.map(keyOf).join('.') || 'options'}\`: ${message}`).join('; ')
}
