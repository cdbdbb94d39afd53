/**
 * Finds given strings, however many, in one pass over a text (Aho and Corasick, 1975). What was found to be somebody's in one
 * place is his in every other too, where nothing around it says so.
 */
export interface Hit {
  readonly start: number
  readonly end: number
  /** Which of the strings. */
  readonly index: number
}

const root = 0

export class Sweep {
  /** From a node by a character to the next. */
  readonly #next = new Map<number, number>()
  /** Where to go on when there is no next: to the longest end of what was read that another string begins with. */
  readonly #fallback: number[] = [root]
  readonly #depth: number[] = [0]
  /** The longest string that ends here. */
  readonly #ending: (number | undefined)[] = [undefined]
  readonly #begins = new Uint8Array(0x10000)
  readonly #lengths: number[]

  constructor(strings: readonly string[]) {
    this.#lengths = strings.map(({ length }) => length)
    for (const [index, string] of strings.entries()) this.#add(string, index)
    this.#link(strings)
  }

  #add(string: string, index: number): void {
    let node = root
    for (let at = 0; at < string.length; at++) {
      const edge = node * 0x10000 + string.charCodeAt(at)
      let next = this.#next.get(edge)
      if (next === undefined) {
        next = this.#depth.length
        this.#next.set(edge, next)
        this.#depth.push(at + 1)
        this.#ending.push(undefined)
        this.#fallback.push(root)
      }
      node = next
    }
    this.#ending[node] ??= index
    this.#begins[string.charCodeAt(0)] = 1
  }

  /** Nodes by their depth, so that a fallback is there before it is needed. */
  #link(strings: readonly string[]): void {
    const longest = this.#lengths.reduce((most, length) => Math.max(most, length), 0)
    let level = strings.map((_, index) => ({ index, node: root }))
    for (let depth = 0; depth < longest; depth++) {
      level = level.filter(({ index }) => (this.#lengths[index] ?? 0) > depth)
      for (const place of level) {
        const code = (strings[place.index] as string).charCodeAt(depth)
        const node = this.#next.get(place.node * 0x10000 + code) as number
        if (depth > 0) this.#fallback[node] = this.#step(this.#fallback[place.node] as number, code)
        this.#ending[node] ??= this.#ending[this.#fallback[node] as number]
        place.node = node
      }
    }
  }

  #step(from: number, code: number): number {
    for (let node = from; ; node = this.#fallback[node] as number) {
      const next = this.#next.get(node * 0x10000 + code)
      if (next !== undefined) return next
      if (node === root) return root
    }
  }

  /** None overlaps another: of those that do, the one that begins first, and of these the longest. */
  find(text: string): Hit[] {
    const hits: Hit[] = []
    let node = root
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (node === root && this.#begins[code] === 0) continue
      node = this.#step(node, code)
      if (this.#ending[node] !== undefined) this.#take(hits, node, at + 1)
    }
    return hits
  }

  #take(hits: Hit[], node: number, end: number): void {
    for (let at = node; at !== root; at = this.#fallback[at] as number) {
      const index = this.#ending[at]
      if (index === undefined) return
      const start = end - (this.#lengths[index] as number)
      while (hits.length > 0 && (hits.at(-1) as Hit).start >= start) hits.pop()
      if (hits.length === 0 || (hits.at(-1) as Hit).end <= start) {
        hits.push({ start, end, index })
        return
      }
      // The longest runs into the one before; a shorter one may not.
    }
  }
}
