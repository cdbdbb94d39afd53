import { parseExact } from '../../core/exact-json.js'
import type { Framing } from '../../protocols/framing/framing.js'
import { joined } from '../../protocols/framing/joined.js'
import type { StreamEditor } from './stream.js'

/** A stream that came as one list of its events. @returns the same list when nothing was changed */
export function editedEvents(events: readonly unknown[], framing: Framing, editor: StreamEditor): readonly unknown[] {
  const bytes = joined(events.map((event) => framing.frame({ data: JSON.stringify(event) })))
  const out = [editor.push(bytes), editor.end()].filter((piece) => piece !== undefined)
  if (out.length === 1 && out[0] === bytes) return events
  const edited: unknown[] = []
  framing.unframer(({ data }) => edited.push(parseExact(data))).push(joined(out))
  return edited
}
