/** Modules that JSON can say, for configurations that are no code and for a relay's policy. */
import { LeashError } from '../core/errors.js'
import { isObject, type JsonObject } from '../core/json.js'
import { type ContentFilterOptions, contentFilter } from './content-filter.js'
import type { Module } from './module.js'
import { type PromptInjectionOptions, promptInjection } from './prompt-injection.js'

export type ReadyModule =
  | ({ readonly use: 'content-filter' } & ContentFilterOptions)
  | ({ readonly use: 'prompt-injection' } & PromptInjectionOptions)

/** No module of the process has such a name, by which it could be put in the place of a policy's. */
const prefix = 'policy.'
/** Its name; of one that the policy of a key asks for, behind the key's. */
const named = /^(?:key\.[a-z0-9]{1,16}\.)?[a-z][\w-]{0,31}$/i

const ofInjection = ['name', 'action', 'threshold', 'priority', 'when', 'onError']

/** @throws LeashError `invalid_config` for one that is not known, and for options that it does not take */
export function readyModule({ use, ...options }: ReadyModule): Module {
  switch (use) {
    case 'content-filter':
      return contentFilter(options)
    case 'prompt-injection': {
      const strange = Object.keys(options).find((member) => !ofInjection.includes(member))
      if (strange !== undefined)
        throw wrong(`A prompt-injection has no \`${strange.slice(0, 64)}\` (known: ${ofInjection.join(', ')})`)
      return promptInjection(options)
    }
    default:
      throw wrong(`There is no module "${String(use).slice(0, 64)}" to \`use\` (there are: content-filter, prompt-injection)`)
  }
}

/** @throws LeashError `invalid_config` for what is none */
export function checkReady(given: JsonObject): ReadyModule {
  // Making it is what checks it.
  const ready = given as unknown as ReadyModule
  readyModule(ready)
  return ready
}

/** As a policy's: under a name of its own. @throws LeashError `invalid_config` for one that cannot be */
export function ofPolicy(given: unknown): ReadyModule {
  if (!isObject(given) || typeof given.use !== 'string')
    throw wrong(
      "A policy's modules are ready ones, such as { use: 'content-filter', keywords: ['…'] }: others are code of the process",
    )
  const { name = given.use } = given
  if (typeof name !== 'string' || !named.test(name))
    throw wrong("The `name` of a policy's module is up to 32 letters, digits and dashes")
  return checkReady({ ...given, name: `${prefix}${name}` })
}

export const isOfPolicy = (name: string | undefined): boolean => name?.startsWith(prefix) ?? false

const wrong = (message: string) => new LeashError('invalid_config', `${message}.`)
