/** What a caller was told by a stream that another one goes on with. */
import { asNumber, asObject, isObject, type Members, parseJson } from '../../core/json.js'
import type { WireEvent } from '../protocol.js'
import type { ToldItems, WireItem } from './writer.js'

/** These are told once for each thing; the others, such as deltas, over and over. */
const once =
  /^response\.(?:created|in_progress|(?:output_item|content_part|reasoning_summary_part)\.(?:added|done)|\w+_text\.done)$/

export class Adopted {
  readonly items: ToldItems
  /** The number of the next event. */
  readonly next: number
  /** The words of the last part are whole, and nothing has followed them. */
  readonly textIsOver: boolean
  readonly #told: ReadonlySet<string>

  constructor(told: readonly WireEvent[]) {
    const events = told.map(({ data }) => asObject(parseJson(data)))
    const of = (type: string) => events.filter((event) => event.type === type)
    this.#told = new Set(events.flatMap((event) => keyOf(event) ?? []))
    this.next = Math.max(-1, ...events.map(({ sequence_number }) => asNumber(sequence_number) ?? -1)) + 1
    this.items = {
      begun: of('response.output_item.added').flatMap(itemIn),
      done: new Map(of('response.output_item.done').flatMap((event) => itemIn(event).map((item) => [placeOf(event), item]))),
    }
    const last = events.findLast(({ type }) => type === 'response.output_text.delta' || type === 'response.output_text.done')
    this.textIsOver = last?.type === 'response.output_text.done'
  }

  holds(event: Members): boolean {
    const key = keyOf(event)
    return key !== undefined && this.#told.has(key)
  }
}

function keyOf({ type, output_index, content_index, summary_index }: Members): string | undefined {
  const name = String(type)
  return once.test(name) ? `${name} ${output_index} ${content_index ?? summary_index}` : undefined
}

function placeOf({ output_index }: Members): number {
  return asNumber(output_index) ?? 0
}

/** A vendor's own item stands in the whole answer as it came. */
function itemIn({ item }: Members): WireItem[] {
  return isObject(item) ? [item as unknown as WireItem] : []
}
