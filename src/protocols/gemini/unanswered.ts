interface Call {
  readonly id: string
  readonly name: string
}

/** Calls that wait for their results. A turn may have very many, answered in any order: none is looked for among all others. */
export class Unanswered {
  readonly #waiting = new Set<Call>()
  readonly #ids = new Map<unknown, Line>()
  readonly #names = new Map<unknown, Line>()

  add(call: Call): void {
    this.#waiting.add(call)
    enqueue(this.#ids, call.id, call)
    enqueue(this.#names, call.name, call)
  }

  /** The first one of that id, else the first of that name. It waits no longer. */
  take(id: unknown, name: unknown): Call | undefined {
    const call = this.#first(this.#ids.get(id)) ?? this.#first(this.#names.get(name))
    if (call) this.#waiting.delete(call)
    return call
  }

  #first(line: Line | undefined): Call | undefined {
    if (!line) return undefined
    for (let call = line.calls[line.next]; call; call = line.calls[++line.next]) if (this.#waiting.has(call)) return call
    return undefined
  }
}

interface Line {
  readonly calls: Call[]
  /** Those before it have been answered. */
  next: number
}

function enqueue(lines: Map<unknown, Line>, by: string, call: Call): void {
  const line = lines.get(by)
  if (line) line.calls.push(call)
  else lines.set(by, { calls: [call], next: 0 })
}
