/** The modules of one leash: which there are, in which order, and how they come and go while calls are under way. */
import type { Call, Report, Result } from '../core/call.js'
import { atEnd } from '../core/ending.js'
import { isLeashError, LeashError } from '../core/errors.js'
import { hidden } from '../core/hidden.js'
import type { Middleware, Next } from '../core/middleware.js'
import { whenEnded } from '../core/report.js'
import { protocolAtHand } from '../protocols/index.js'
import { crossings } from './crossing.js'
import { modulesAt } from './layer.js'
import type { Module } from './module.js'
import type { ModuleFile } from './module-file.js'
import { ordered } from './order.js'
import { isOfPolicy, type ReadyModule } from './ready.js'
import { Session, type SessionDeps } from './session.js'
import { sunk } from './sinks.js'
import { type ModuleStatus, Slot } from './slot.js'

/** How long a module that goes waits for the calls in it, in milliseconds. */
const drainMs = 30_000

/** What a leash shows of its modules. */
export interface LeashModules {
  list(): Promise<ModuleStatus[]>
  /** The same, once each has been asked how it is. */
  health(): Promise<ModuleStatus[]>
  add(module: Module): Promise<void>
  /** Resolves when the new one takes calls. The old one stops when those in it are over. One that does not start changes nothing. */
  replace(name: string, module: Module): Promise<void>
  remove(name: string): Promise<void>
}

type Given = readonly (Module | ModuleFile | ReadyModule)[]

/** @throws LeashError `invalid_config` where the leash was made without modules, and has no place for them, or a file is not the one that was meant */
export async function openModules(modules: Given | undefined, deps: SessionDeps): Promise<Registry> {
  if (!modules) throw wrong('This leash has no place for modules. Make it with `modules: []` to add some later.')
  return new Registry(deps).open(await Promise.all(modules.map(moduleOf)))
}

async function moduleOf(given: Given[number]): Promise<Module> {
  if ('use' in given) return (await import('./ready.js')).readyModule(given)
  const module = 'integrity' in given ? await (await import('./module-file.js')).loadModule(given) : given
  checkName(module)
  return module
}

function checkName({ name }: Module): void {
  if (isOfPolicy(name)) throw wrong(`"${name}" is a name of a relay's policy. Give the module another.`)
}

export class Registry {
  readonly original: Middleware
  readonly redacted: Middleware
  readonly #deps: SessionDeps
  readonly #sessions = hidden<Session>()
  /** Replaced as a whole: a call keeps the list that it began with. */
  #slots: readonly Slot[] = []
  readonly #leaving = new Set<Slot>()
  readonly #pending = new Set<Promise<void>>()
  #changing: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(deps: SessionDeps) {
    this.#deps = deps
    const sessionOf = (call: Call) => this.#sessions.get(call.report)
    const inside = modulesAt('original', sessionOf)
    const original: Middleware = (next) => this.#around(inside(next), next)
    const behind = modulesAt('redacted', sessionOf)
    const across = crossings(sessionOf)
    const redacted: Middleware = (next) => across(behind(next))
    this.original = original
    this.redacted = redacted
  }

  /** One that does not start is there all the same, and refuses calls or is passed by. @throws LeashError when one needs another that is not there */
  async open(modules: readonly Module[]): Promise<this> {
    const slots = ordered(modules).map((module) => new Slot(module))
    this.#slots = slots
    for (const slot of slots) await this.#begin(slot)
    return this
  }

  #begin(slot: Slot): Promise<void> {
    return slot.start(this.#lackingFor(slot.module)).catch(({ message }: Error) => {
      this.#deps.emitter.emit('warning', { message: `The module "${slot.module.name}" has not started: ${message}.` })
    })
  }

  #lackingFor({ dependencies = {} }: Module): string | undefined {
    return Object.keys(dependencies).find((name) => this.#find(name)?.state === 'failed')
  }

  list(): ModuleStatus[] {
    return [...this.#slots, ...this.#leaving].map((slot) => slot.status())
  }

  /** Whether what a vendor says may be other than what the caller is told. */
  editsAnswers(): boolean {
    return [...this.#slots, ...this.#leaving].some(
      ({ module: { kind, editsAnswers, response, chunk } }) =>
        editsAnswers ?? (kind === 'transformer' && (response ?? chunk) !== undefined),
    )
  }

  async health(): Promise<ModuleStatus[]> {
    await Promise.all(this.#slots.map((slot) => slot.ask()))
    return this.list()
  }

  add(module: Module): Promise<void> {
    return this.#change(async () => {
      checkName(module)
      if (this.#find(module.name)) throw wrong(`There is a module "${module.name}" already. Use \`replace\`.`)
      await this.#swap(undefined, module)
    })
  }

  replace(name: string, module: Module): Promise<void> {
    return this.#change(async () => {
      const old = this.#known(name)
      checkName(module)
      if (module.name !== name && this.#find(module.name)) throw wrong(`There is a module "${module.name}" already.`)
      await this.#swap(old, module)
    })
  }

  remove(name: string): Promise<void> {
    return this.#change(() => this.#swap(this.#known(name), undefined))
  }

  /** Takes on the modules that another policy asks for. Those of the process stay, with whatever has become of them. */
  async hold(modules: Given = []): Promise<void> {
    const said = modules.filter((given) => 'use' in given && isOfPolicy(given.name))
    const change = this.#change(async () => {
      const asked = await Promise.all(said.map(moduleOf))
      const old = this.#slots.filter(({ module }) => isOfPolicy(module.name))
      for (const slot of old) if (!asked.some(({ name }) => name === slot.module.name)) await this.#swap(slot, undefined)
      for (const module of asked) await this.#swap(this.#find(module.name), module)
    })
    await change.catch((error) => this.#deps.emitter.emit('warning', { message: String(error) }))
  }

  /** Sinks are waited for; what calls are still in stops when they are over. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#changing.catch(() => {})
    await Promise.all(this.#pending)
    const stops = this.#slots.toReversed().map((slot) => ({ slot, stopped: slot.drain(drainMs) }))
    await Promise.all(stops.flatMap(({ slot, stopped }) => (slot.state === 'draining' && slot.isUsed ? [] : [stopped])))
  }

  #find(name: string): Slot | undefined {
    return this.#slots.find(({ module }) => module.name === name)
  }

  #known(name: string): Slot {
    if (isOfPolicy(name)) throw wrong(`The module "${name}" is of the relay's policy, which alone can change it.`)
    const slot = this.#find(name)
    if (slot) return slot
    const names = this.#slots.map(({ module }) => module.name).join(', ')
    throw wrong(`There is no module "${String(name).slice(0, 100)}" (there are: ${names || 'none'}).`)
  }

  /** One change at a time. */
  #change(work: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.reject(wrong('This leash is closed, and its modules with it.'))
    const change = this.#changing.catch(() => {}).then(work)
    this.#changing = change.catch(() => {})
    return change
  }

  async #swap(old: Slot | undefined, module: Module | undefined): Promise<void> {
    const staying = this.#slots.filter((slot) => slot !== old)
    const order = ordered([...staying.map(({ module }) => module), ...(module ? [module] : [])])
    const fresh = module && new Slot(module)
    try {
      await fresh?.start(this.#lackingFor(fresh.module))
    } catch (error) {
      throw wrong(`The module "${module?.name}" has not started: ${error instanceof Error ? error.message : 'it threw'}.`, error)
    }
    const all = [...staying, ...(fresh ? [fresh] : [])]
    this.#slots = order.flatMap((module) => all.find((slot) => slot.module === module) ?? [])
    for (const slot of this.#slots) if (slot.isLacking) await this.#begin(slot)
    if (!old) return
    this.#leaving.add(old)
    void old.drain(drainMs).then(() => this.#leaving.delete(old))
  }

  /** From a call's first module to its last sink. */
  #around(inside: Next, next: Next): Next {
    return async (call) => {
      const slots = this.#slots
      const protocol = protocolAtHand(call.protocol)
      if (slots.length === 0 || !protocol) return next(call)
      const session = new Session(slots, protocol, this.#deps)
      this.#sessions.set(call.report, session)
      let result: Result
      try {
        await session.choose(call)
        result = await inside(call)
      } catch (error) {
        if (isLeashError(error)) session.error = error
        this.#ended(call, session)
        throw error
      }
      return atEnd(result, () => this.#ended(call, session))
    }
  }

  /** The report is closed further out, once all that is in it is known. */
  #ended(call: Call, session: Session): void {
    if (call.options.dryRun || session.sinks().length === 0) {
      session.end()
      return
    }
    const told = whenEnded(call.report)
      .then((report: Report) => sunk(session, call, report))
      .finally(() => {
        session.end()
        this.#pending.delete(told)
      })
    this.#pending.add(told)
  }
}

const wrong = (message: string, cause?: unknown) => new LeashError('invalid_config', message, { cause })
