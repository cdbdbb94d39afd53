/** Modules in files of their own, for configurations that are no code. */
import { LeashError } from '../core/errors.js'
import { isObject } from '../core/json.js'
import type { Module } from './module.js'

export interface ModuleFile {
  /** Within `folder`: `no-codenames.js`. */
  readonly file: string
  /** Of the file's bytes, as browsers have it: `sha256-` and the hash in base64. Any other file is refused. */
  readonly integrity: string
  /** Nothing outside of it is loaded, not through a link either. @defaultValue 'modules', in the working directory */
  readonly folder?: string
  /** Where the file exports a function: what the module is made with. */
  readonly options?: unknown
}

/**
 * What a file exports as `default`: a module, or what `defineModule` gives for one with options.
 *
 * @throws LeashError `invalid_config` for a file that is not there, stands elsewhere, or is not the one that was meant
 */
export async function loadModule(given: ModuleFile): Promise<Module> {
  const { file, integrity, options } = given
  const path = await findModule(given)
  const { pathToFileURL } = await import('node:url')
  const url = pathToFileURL(path)
  // Another content is another module, also where one of this name was loaded before.
  url.search = new URLSearchParams({ integrity }).toString()
  const loaded: unknown = await import(/* @vite-ignore */ url.href).catch((cause: unknown) => {
    throw wrong(file, `cannot be loaded (${cause instanceof Error ? cause.name : 'unknown reason'})`, cause)
  })
  // Nobody has put another in its place meanwhile.
  await verify(path, given)
  return moduleIn(isObject(loaded) ? loaded.default : undefined, file, options)
}

/** The path of the file that is meant, which is not loaded. @throws LeashError `invalid_config` as {@link loadModule} does */
export async function findModule(given: ModuleFile): Promise<string> {
  const { file, folder = 'modules' } = given
  const { realpath } = await import('node:fs/promises')
  const { isAbsolute, relative, resolve } = await import('node:path')
  const found = async (path: string) => realpath(path).catch(() => Promise.reject(wrong(file, `is not in ${folder}`)))
  const path = await found(resolve(folder, file))
  const within = relative(await found(folder), path)
  if (within === '' || within.startsWith('..') || isAbsolute(within)) throw wrong(file, `is not in ${folder}`)
  await verify(path, given)
  return path
}

async function verify(path: string, { file, integrity }: ModuleFile): Promise<void> {
  const [, algorithm = '', meant] = /^(sha256|sha384|sha512)-([A-Za-z0-9+/]+=*)$/.exec(integrity) ?? []
  if (meant === undefined) throw wrong(file, 'needs an `integrity` such as sha256-…, the hash of its bytes in base64')
  const { readFile } = await import('node:fs/promises')
  const { hash } = await import('node:crypto')
  const actual = hash(algorithm, await readFile(path), 'base64')
  if (actual !== meant) throw wrong(file, `is not the one that was meant: its integrity is ${algorithm}-${actual}`)
}

function moduleIn(exported: unknown, file: string, options: unknown): Module {
  if (typeof exported === 'function') return moduleIn(exported(options), file, undefined)
  if (!isObject(exported) || !('settings' in exported))
    throw wrong(file, 'exports no module as its default: `export default defineModule({ … })`')
  if (options !== undefined) throw wrong(file, 'takes no `options`: it exports a module, and not what makes one')
  return exported as unknown as Module
}

const wrong = (file: string, what: string, cause?: unknown) =>
  new LeashError('invalid_config', `The module file ${String(file).slice(0, 200)} ${what}.`, { cause })
