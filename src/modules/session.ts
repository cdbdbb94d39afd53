/** One call among the modules: who is asked, what they remember of it, and what they have said. */

import type { Call } from '../core/call.js'
import type { Emitter, PolicyEvent } from '../core/emitter.js'
import { LeashError } from '../core/errors.js'
import type { Json } from '../core/json.js'
import type { Find } from '../core/target.js'
import type { Protocol } from '../protocols/protocol.js'
import { type Action, actionsOf, type Hook } from './actions.js'
import type { Module, ModuleContext, ModuleKind } from './module.js'
import { ModuleFailure, type Slot, type Time } from './slot.js'
import { type Answered, CallView } from './view.js'

export interface SessionDeps {
  readonly emitter: Emitter
  readonly find: Find
}

type Of<A extends Action['action']> = Extract<Action, { readonly action: A }>

export const only = <A extends Action['action']>(actions: readonly Action[], name: A): Of<A>[] =>
  actions.filter((action): action is Of<A> => action.action === name)

/** What a sink is told: at its place in the stack, once that was reached. */
export interface Capture {
  readonly call: Call
  answered(): Answered
}

export class Session {
  readonly protocol: Protocol
  readonly deps: SessionDeps
  captures: { original?: Capture; redacted?: Capture } = {}
  readonly #began = performance.now()
  /** What the call has failed with. */
  error: LeashError | undefined
  /** Those that the call is for. */
  #slots: readonly Slot[]
  readonly #all: readonly Slot[]
  readonly #states = new Map<Slot, Record<string, unknown>>()

  /** @param slots those that there are as the call begins: a change of them is for the next one */
  constructor(slots: readonly Slot[], protocol: Protocol, deps: SessionDeps) {
    this.#all = slots
    this.#slots = slots
    this.protocol = protocol
    this.deps = deps
    for (const slot of slots) slot.enter()
  }

  /** @throws LeashError where a condition that refuses when in doubt has failed */
  async choose(call: Call): Promise<void> {
    const chosen: Slot[] = []
    const view = new CallView(call, this.protocol)
    for (const slot of this.#all) {
      const applies = await this.guarded(slot, 'when', call, () => slot.applies(call, () => view))
      if (applies) chosen.push(slot)
    }
    this.#slots = chosen
  }

  /** In their order. */
  asked(sees: Module['sees'], kind: ModuleKind, has: (module: Module) => unknown): readonly Slot[] {
    return this.#slots.filter(({ module }) => module.sees === sees && module.kind === kind && has(module) !== undefined)
  }

  /** Between those that see what the caller wrote and those that see what leaves, the outermost first. */
  crossings(): readonly Slot[] {
    return this.#slots.filter(({ module }) => module.crossing)
  }

  sinks(): readonly Slot[] {
    return this.#slots.filter(({ module }) => module.kind === 'sink' && module.response)
  }

  /** Milliseconds so far. */
  get durationMs(): number {
    return performance.now() - this.#began
  }

  /** The call's report may be kept, and this with it. */
  end(): void {
    this.captures = {}
    for (const slot of this.#all) slot.leave()
  }

  /**
   * Asks one module, and sees to what any may answer. @throws LeashError when it refuses the call
   *
   * @param use what else is made of its answer, where a failure is the module's own
   * @returns undefined where it has failed, and the call goes on without it
   */
  async consult<T>(
    slot: Slot,
    hook: Hook,
    call: Call,
    ask: (context: ModuleContext) => unknown,
    use: (actions: readonly Action[]) => T,
  ): Promise<T | undefined> {
    const context = this.#contextOf(slot, call)
    const told = await this.guarded(slot, hook, call, (time) => {
      const settled = (answer: unknown) => {
        const actions = actionsOf(answer, slot.module.kind, hook)
        return { actions, used: use(actions) }
      }
      const answer = ask(context(time))
      return answer instanceof Promise ? answer.then(settled) : settled(answer)
    })
    if (!told) return undefined
    this.#heed(slot, hook, call, told.actions)
    return told.used
  }

  /** @returns undefined where it has failed, and that is no matter */
  async guarded<T>(slot: Slot, hook: Hook | 'when', call: Call, work: (time: Time) => T | Promise<T>): Promise<T | undefined> {
    try {
      return await slot.run(call, hook, work)
    } catch (error) {
      if (!(error instanceof ModuleFailure)) throw error
      this.failed(slot, hook, call, error)
      return undefined
    }
  }

  /** @throws LeashError where it must not go on without it */
  failed(slot: Slot, hook: Hook | 'when', call: Call, { message }: ModuleFailure): void {
    const { name, onError } = slot.module
    const { emitter } = this.deps
    this.tell(call, slot, directionOf(hook), 'fail', {})
    if (emitter.heard('warning')) emitter.emit('warning', { message: `The module "${name}" failed: ${message}.` })
    if (onError === 'open') return
    slot.meter.blocks++
    throw new LeashError('policy_blocked', `The module "${name}" could not decide, and the call was stopped: ${message}.`)
  }

  #contextOf(slot: Slot, call: Call): (time: Time) => ModuleContext {
    let state = this.#states.get(slot)
    if (!state) {
      state = {}
      this.#states.set(slot, state)
    }
    const known = { call: new CallView(call, this.protocol), options: slot.module.settings, state, report: call.report }
    return (time) => ({
      ...known,
      get signal() {
        return time.signal
      },
    })
  }

  #heed(slot: Slot, hook: Hook, call: Call, actions: readonly Action[]): void {
    const { name } = slot.module
    for (const { annotations, warn, found } of only(actions, 'annotate')) {
      note(call, name, annotations)
      this.tell(call, slot, directionOf(hook), warn ? 'flag' : 'annotate', found ?? {})
    }
    const [refused] = only(actions, 'block')
    if (!refused) return
    slot.meter.blocks++
    this.tell(call, slot, directionOf(hook), 'block', refused.found ?? {})
    throw new LeashError('policy_blocked', refused.message || `The module "${name}" has stopped the call.`)
  }

  tell(call: Call, slot: Slot, direction: Direction, action: PolicyEvent['action'], found: PolicyEvent['found']): void {
    const { emitter } = this.deps
    if (!emitter.heard('policy')) return
    emitter.emit('policy', { callId: call.id, guard: slot.module.name, action, direction, found: { ...found } })
  }
}

type Direction = PolicyEvent['direction']

const directionOf = (hook: Hook | 'when'): Direction => (hook === 'request' || hook === 'when' ? 'request' : 'response')

/** A copy, since the module may go on with its own. */
function note({ report }: Call, name: string, annotations: Readonly<Record<string, Json>>): void {
  const copy: Record<string, Json> = JSON.parse(JSON.stringify(annotations))
  report.annotations = { ...report.annotations, [name]: { ...report.annotations?.[name], ...copy } }
  if (copy.sensitive === true) report.sensitive = true
}
