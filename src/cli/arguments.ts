/** What is wrong with the arguments. The parser that runs the commands takes any option, and says nothing of those it does not know. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { ArgsDef, SubCommandsDef } from 'citty'
import { LeashError } from '../core/errors.js'

type Options = NonNullable<ParseArgsConfig['options']>

/** Take as many words as there are. */
const endless = ['prices']

const help: Options = { help: { type: 'boolean', short: 'h' } }

/**
 * @param args as they were typed, the command's name among them
 * @throws LeashError `invalid_config` for a command that there is not, an option that the command does not have, or that lacks its
 * value, for a word that is missing, and for one that it has no use for: whoever gives a file without its option is not to be served as if he had given none
 */
export async function checkArguments(args: readonly string[], commands: SubCommandsDef): Promise<void> {
  const at = args.findIndex((arg) => !arg.startsWith('-'))
  const before = at === -1 ? args : args.slice(0, at)
  check('leash', before, { ...help, version: { type: 'boolean', short: 'v' } })
  const name = args[at]
  if (name === undefined) return
  if (!Object.hasOwn(commands, name))
    throw new LeashError('invalid_config', `There is no command "${name.slice(0, 40)}". \`leash --help\` lists them.`)
  const command = await resolved(commands[name])
  const taken: ArgsDef = (await resolved(command?.args)) ?? {}
  const { words, wantsHelp } = check(`leash ${name}`, args.slice(at + 1), { ...help, ...optionsOf(taken) })
  if (wantsHelp) return
  const places = Object.entries(taken).filter(([, { type }]) => type === 'positional')
  const needed = places.filter(([, { required }]) => required !== false).map(([place]) => place.toUpperCase())
  if (words.length < needed.length)
    throw new LeashError('invalid_config', `Write: leash ${[name, ...needed].join(' ')}. \`leash ${name} --help\` tells more.`)
  const stray = words[places.length]
  if (stray === undefined || endless.includes(name)) return
  throw new LeashError(
    'invalid_config',
    `There is no use for "${stray.slice(0, 40)}". \`leash ${name} --help\` tells how it is written.`,
  )
}

interface Checked {
  /** Those that belong to no option. */
  readonly words: readonly string[]
  readonly wantsHelp: boolean
}

function check(command: string, args: readonly string[], options: Options): Checked {
  try {
    const parsing = { options, allowPositionals: true, allowNegative: true, strict: true }
    const { positionals, values } = parseArgs({ args: [...args], ...parsing })
    return { words: positionals, wantsHelp: values.help === true }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // Node's words end without a full stop, and may go on in further lines.
    const [said = ''] = error.message.split('\n')
    throw new LeashError('invalid_config', `${said.replace(/\.?$/, '.')} \`${command} --help\` lists the options.`)
  }
}

function optionsOf(args: ArgsDef): Options {
  const options = Object.entries(args).flatMap(([name, arg]) => {
    if (arg.type === 'positional') return []
    const aliases = 'alias' in arg ? [arg.alias ?? []].flat() : []
    const short = aliases.find((alias) => alias.length === 1)
    const type: 'boolean' | 'string' = arg.type === 'boolean' ? 'boolean' : 'string'
    return [[name, { type, ...(short !== undefined && { short }) }] as const]
  })
  return Object.fromEntries(options)
}

async function resolved<T extends object>(given: T | Promise<T> | (() => T) | (() => Promise<T>) | undefined) {
  return typeof given === 'function' ? given() : given
}
