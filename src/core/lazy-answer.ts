import type { Attempt, UnaryResult } from './call.js'

type Around = Omit<UnaryResult, 'stream' | 'body' | 'text'>

/** One for all answers: a function made for each would cost more than the rest of it. */
const body = {
  enumerable: true,
  configurable: true,
  get(this: LazyAnswer): unknown {
    return this.parsed()
  },
}

/**
 * A whole answer as text, parsed when somebody reads its `body`: most callers read the text. A layer may write
 * `{ ...result, body }`, as of any other result: `body` is a member of its own, and `text`, which would then be
 * another answer's, is none.
 */
export class LazyAnswer implements UnaryResult {
  readonly stream = false
  readonly status: number
  readonly headers: Headers
  readonly attempt?: Attempt
  readonly response?: Response
  declare readonly body: unknown
  readonly #text: string
  readonly #parse: (text: string, headers: Headers) => unknown
  #body: unknown

  constructor({ status, headers, attempt, response }: Around, text: string, parse: (text: string, headers: Headers) => unknown) {
    this.status = status
    this.headers = headers
    if (attempt) this.attempt = attempt
    if (response) this.response = response
    this.#text = text
    this.#parse = parse
    Object.defineProperty(this, 'body', body)
  }

  get text(): string {
    return this.#text
  }

  parsed(): unknown {
    this.#body ??= this.#parse(this.#text, this.headers)
    return this.#body
  }
}
