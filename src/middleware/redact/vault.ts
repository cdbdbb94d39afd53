/** Which placeholder stands for which value. Kept in memory alone, and by nobody but the call and its conversation. */
import { lookalikes, written } from './placeholder.js'
import { escaped } from './view.js'

/** Values that one conversation remembers; further ones are remembered for the length of a call. */
const mostValues = 10_000
/** Values that all conversations remember together: who may name conversations could else fill the memory with them. */
const mostInAll = 100_000

/** What a conversation has agreed on. */
class Agreed {
  readonly tokens = new Map<string, string>()
  readonly values = new Map<string, string>()
  readonly labels = new Set<string>()
  /** A value cannot stand in JSON as it is. */
  odd = false
  isForgotten = false
  readonly #remembered: () => void

  /** @param remembered hears of each value */
  constructor(remembered: () => void) {
    this.#remembered = remembered
  }

  agree(token: string, value: string): void {
    if (this.isForgotten || this.tokens.size >= mostValues) return
    this.#remembered()
    this.tokens.set(token, value)
    this.values.set(value, token)
    this.labels.add(labelIn(token))
    this.odd ||= isOdd(value)
  }
}

export class Conversations {
  readonly #all = new Map<string, Agreed>()
  readonly #most: number
  /** Values of all of them. */
  #held = 0
  readonly #remembered = () => {
    this.#held++
  }

  constructor(most: number) {
    this.#most = most
  }

  /** Apart by tenant: two may have chosen the same id. */
  vaultFor(tenant: string | undefined, conversation: string | undefined): Vault {
    if (conversation === undefined || this.#most === 0) return new Vault()
    const key = JSON.stringify([tenant, conversation])
    const agreed = this.#all.get(key) ?? new Agreed(this.#remembered)
    this.#all.delete(key)
    for (const [oldest, forgotten] of this.#all) {
      if (this.#all.size < this.#most && this.#held <= mostInAll) break
      this.#all.delete(oldest)
      this.#held -= forgotten.tokens.size
      forgotten.isForgotten = true
    }
    this.#all.set(key, agreed)
    return new Vault(agreed)
  }
}

/** For one call. */
export class Vault {
  readonly #agreed: Agreed | undefined
  readonly #tokens = new Map<string, string>()
  readonly #values = new Map<string, string>()
  readonly #next = new Map<string, number>()
  readonly #labels = new Set<string>()
  #odd = false
  /** What the request itself says that looks like a placeholder. It stays what it is. */
  #taken: ReadonlySet<string> = new Set()

  constructor(agreed?: Agreed) {
    this.#agreed = agreed
  }

  get isEmpty(): boolean {
    return this.#tokens.size === 0 && (this.#agreed?.tokens.size ?? 0) === 0
  }

  /** A value cannot stand in JSON as it is: who puts it there must know what he writes in. */
  get isOdd(): boolean {
    return this.#odd || (this.#agreed?.odd ?? false)
  }

  /** The values that the conversation has agreed on, each with its label. */
  get remembered(): (readonly [value: string, label: string])[] {
    return [...(this.#agreed?.values ?? [])].map(([value, token]) => [value, labelIn(token)])
  }

  /** Keeps clear of what this request says already. To be told before the first placeholder is given out. */
  avoid(request: string, labels: Iterable<string>): void {
    this.#taken = lookalikes(request, new Set([...labels, ...(this.#agreed?.labels ?? [])]))
  }

  /** The placeholder for a value: the same one for the same value. */
  placeholder(value: string, label: string): string {
    let token = this.#values.get(value)
    if (token === undefined) {
      const agreed = this.#agreed?.values.get(value)
      token = agreed !== undefined && !this.#taken.has(agreed) ? agreed : this.#fresh(label)
      this.#values.set(value, token)
      this.#tokens.set(token, value)
      this.#labels.add(labelIn(token))
      this.#odd ||= isOdd(value)
      this.#agreed?.agree(token, value)
    }
    return written(token)
  }

  #fresh(label: string): string {
    let number = this.#next.get(label) ?? 1
    while (this.#isUsed(`${label}_${number}`)) number++
    this.#next.set(label, number + 1)
    return `${label}_${number}`
  }

  #isUsed(token: string): boolean {
    return this.#taken.has(token) || this.#tokens.has(token) || (this.#agreed?.tokens.has(token) ?? false)
  }

  valueOf(token: string): string | undefined {
    return this.#tokens.get(token) ?? (this.#taken.has(token) ? undefined : this.#agreed?.tokens.get(token))
  }

  has(token: string): boolean {
    return this.valueOf(token) !== undefined
  }

  /** Whether there are placeholders whose label is this, or begins so. */
  hasLabel(beginning: string, whole: boolean): boolean {
    for (const labels of [this.#labels, this.#agreed?.labels ?? []])
      for (const label of labels) if (whole ? label === beginning : label.startsWith(beginning)) return true
    return false
  }

  /** Whether an answer could hold a placeholder, however it may be escaped there. */
  isNamedIn(wire: string): boolean {
    const labels = new Set([...this.#labels, ...(this.#agreed?.labels ?? [])])
    return labels.size > 0 && new RegExp(`(?:${[...labels].join('|')})\\\\{0,16}[_ -][1-9]`, 'i').test(wire)
  }

  /** The call is over. */
  clear(): void {
    this.#tokens.clear()
    this.#values.clear()
  }
}

const labelIn = (token: string): string => token.slice(0, token.lastIndexOf('_'))

const isOdd = (value: string): boolean => escaped(value) !== value
