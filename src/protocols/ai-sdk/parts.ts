/** Which parts a stream has, in the order in which they begin: ours count them, the AI SDK's have ids. */
import { asObject, asString, type Members, parseJson } from '../../core/json.js'
import type { WireEvent } from '../protocol.js'

const starts: ReadonlySet<unknown> = new Set(['text-start', 'reasoning-start', 'tool-input-start', 'tool-call', 'file'])

export class Parts {
  readonly #ids = new Map<string, number>()
  #count = 0

  /** The index of the part that this begins; that of an earlier one when it was begun before. */
  begin(part: Members): { readonly index: number; readonly isNew: boolean } {
    const key = keyOf(part)
    const known = key === undefined ? undefined : this.#ids.get(key)
    if (known !== undefined) return { index: known, isNew: false }
    const index = this.#count++
    if (key !== undefined) this.#ids.set(key, index)
    return { index, isNew: true }
  }

  of(part: Members): number | undefined {
    return this.#ids.get(keyOf(part) ?? '')
  }

  /** Another part may have the same id when this one is over. */
  end(part: Members): void {
    this.#ids.delete(keyOf(part) ?? '')
  }
}

function keyOf({ type, id, toolCallId }: Members): string | undefined {
  const kind = /^(text|reasoning|tool)-/.exec(asString(type) ?? '')?.[1]
  const name = asString(toolCallId) ?? asString(id)
  return kind === undefined || name === undefined ? undefined : `${kind} ${name}`
}

/** The ids that a caller was told, by index. */
export function startsOf(told: readonly WireEvent[]): (string | undefined)[] {
  const ids: (string | undefined)[] = []
  const parts = new Parts()
  for (const part of told.map(({ data }) => asObject(parseJson(data)))) {
    if (!starts.has(part.type)) continue
    const { index, isNew } = parts.begin(part)
    if (isNew) ids[index] = asString(part.toolCallId) ?? asString(part.id)
  }
  return ids
}
