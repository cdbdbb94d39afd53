/** A text that comes in pieces, and is edited where it stands in them. */

/** What is to stand in place of a part of a text. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** One piece, as it stands in an event. */
export interface TextSlot {
  readonly text: string
  /** What is to stand there, as far as it is settled. */
  out: string
  /** Not all of it is settled. */
  isOpen: boolean
}

export interface TextPiece<S extends TextSlot = TextSlot> {
  readonly slot: S
  /** Characters at its end that are not settled. */
  left: number
}

/**
 * Writes what is settled into the slots. What stands for several pieces stands in the first of them.
 *
 * @param text of all pieces, without what was settled before
 * @param edits in their order
 * @param end up to where the text is settled
 * @returns the pieces that are not settled to their ends
 */
export function settled<S extends TextSlot>(
  pieces: readonly TextPiece<S>[],
  text: string,
  edits: readonly TextEdit[],
  end: number,
): TextPiece<S>[] {
  const left: TextPiece<S>[] = []
  let from = 0
  let next = 0
  for (const piece of pieces) {
    const { slot } = piece
    const to = from + piece.left
    // Most pieces are settled at once, and nothing is to be edited in them.
    if (next >= edits.length && to <= end && slot.out === '' && piece.left === slot.text.length) {
      slot.out = slot.text
      slot.isOpen = false
      from = to
      continue
    }
    const until = Math.min(to, end)
    let at = from
    for (let edit = edits[next]; at < until; edit = edits[next]) {
      if (!edit || edit.start >= until) {
        slot.out += text.slice(at, until)
        at = until
      } else if (edit.end <= at) next++
      else {
        if (edit.start >= at) slot.out += text.slice(at, edit.start) + edit.text
        at = Math.min(edit.end, until)
      }
    }
    piece.left = to - Math.max(from, until)
    slot.isOpen = piece.left > 0
    if (slot.isOpen) left.push(piece)
    from = to
  }
  return left
}
