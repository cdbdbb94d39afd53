import { LeashError } from '../core/errors.js'
import type { Module } from './module.js'
import { satisfies } from './versions.js'

/**
 * By priority, then as they were given; but what a module needs stands before it.
 *
 * @throws LeashError `invalid_config` when one is there twice, or needs what is not there
 */
export function ordered(modules: readonly Module[]): Module[] {
  const byName = new Map<string, Module>()
  for (const module of modules) {
    if (byName.has(module.name)) throw wrong(`There are two modules "${module.name}". Give one another name.`)
    byName.set(module.name, module)
  }
  const order = new Set<Module>()
  const place = (module: Module, path: readonly string[]) => {
    if (order.has(module)) return
    if (path.includes(module.name)) throw wrong(`Modules need each other in a circle: ${[...path, module.name].join(' → ')}.`)
    for (const [name, range] of Object.entries(module.dependencies ?? {}))
      place(needed(module, name, range, byName), [...path, module.name])
    order.add(module)
  }
  for (const module of modules.toSorted((a, b) => a.priority - b.priority)) place(module, [])
  return [...order]
}

function needed({ name: by }: Module, name: string, range: string, all: ReadonlyMap<string, Module>): Module {
  const module = all.get(name)
  if (!module) throw wrong(`The module "${by}" needs "${name}" ${range}, which is not there.`)
  if (satisfies(module.version, range)) return module
  throw wrong(`The module "${by}" needs "${name}" ${range}, and ${module.version} is there.`)
}

const wrong = (message: string) => new LeashError('invalid_config', message)
