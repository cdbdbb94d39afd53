/**
 * Arguments of a call as Vertex AI streams them: a JSON path and a value each, a string in several pieces.
 * https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
 */
import { asString } from '../../core/json.js'
import { messages } from './wire.js'

type Container = Record<string, unknown> | unknown[]

export class PartialArgs {
  // Without a prototype, so that a path through `__proto__` is a member like any other.
  readonly #root: Container = Object.create(null) as Record<string, unknown>
  #growing: string | undefined

  /** @param partialArgs the member of that name in a `functionCall` */
  add(partialArgs: unknown): void {
    for (const arg of messages(partialArgs)) {
      const path = asString(arg.jsonPath)
      if (path === undefined) continue
      this.#put(path, valueIn(arg), this.#growing === path)
      this.#growing = arg.willContinue === true ? path : undefined
    }
  }

  /** Arguments that came whole. */
  merge(args: Record<string, unknown>): void {
    Object.assign(this.#root, args)
  }

  get json(): string {
    return JSON.stringify(this.#root)
  }

  #put(path: string, value: unknown, grows: boolean): void {
    const steps = stepsOf(path)
    let at = this.#root
    for (const [index, step] of steps.entries()) {
      const last = index === steps.length - 1
      const before = read(at, step)
      if (last) {
        write(at, step, grows && typeof before === 'string' && typeof value === 'string' ? before + value : value)
        return
      }
      const inner: Container = isContainer(before)
        ? before
        : typeof steps[index + 1] === 'number'
          ? []
          : (Object.create(null) as Record<string, unknown>)
      write(at, step, inner)
      at = inner
    }
  }
}

function valueIn(arg: Record<string, unknown>): unknown {
  if (arg.stringValue !== undefined) return arg.stringValue
  if (arg.numberValue !== undefined) return arg.numberValue
  if (arg.boolValue !== undefined) return arg.boolValue
  return null
}

/** `$.a.b[0]['c d']` as a, b, 0, "c d". */
function stepsOf(path: string): (string | number)[] {
  return Array.from(path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(["'])(.*?)\3\]/g), ([, name, index, , quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  )
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

function read(container: Container, step: string | number): unknown {
  if (Array.isArray(container)) return container[Number(step)]
  return Object.hasOwn(container, step) ? container[step] : undefined
}

/** An array has no member that is not a number, and none so far off that it would fill the memory. */
const maxIndex = 10_000

function write(container: Container, step: string | number, value: unknown): void {
  // Defined, not set: what came whole has a prototype, and the model chooses the names.
  if (!Array.isArray(container))
    Object.defineProperty(container, step, { value, writable: true, enumerable: true, configurable: true })
  else if (typeof step === 'number' && step < maxIndex) container[step] = value
}
