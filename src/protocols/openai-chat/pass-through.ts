/**
 * Usage in a stream that passes through: OpenAI tells it only when asked, in a chunk of its own that a caller who had not
 * asked does not expect. So we ask, and take that chunk out again.
 */
import { asObject, isObject, type JsonObject, parseJson } from '../../core/json.js'
import type { Traits } from '../../core/provider.js'
import { endsEvent, lastEventEnd, nextEventEnd } from '../framing/event-ends.js'
import { joined } from '../framing/joined.js'
import type { ByteFilter } from '../protocol.js'

const question = '"stream_options":{"include_usage":true}'

export function askUsage(
  body: JsonObject,
  text: string | undefined,
  traits: Traits,
): { text: string; hide(): ByteFilter } | undefined {
  if ((traits.streamUsage ?? 'on-request') !== 'on-request') return undefined
  const options = asObject(body.stream_options)
  if (options.include_usage === true) return undefined
  if (text !== undefined && !('stream_options' in body)) return { text: spliced(text), hide: hideUsage }
  const asked = { ...body, stream_options: { ...options, include_usage: true } }
  return { text: JSON.stringify(asked), hide: hideUsage }
}

/** Before the last brace, so that a body of 100 kB is not written anew. */
function spliced(text: string): string {
  const end = text.lastIndexOf('}')
  const before = text.slice(0, end).trimEnd()
  return `${before}${before.endsWith('{') ? '' : ','}${question}}`
}

export function hideUsage(): ByteFilter {
  return new UsageFilter()
}

const [open, close, space] = [0x5b, 0x5d, 0x20]
const nothing = new Uint8Array(0)

/** Leaves out the one event with usage and no choices; everything else goes on byte for byte. */
class UsageFilter implements ByteFilter {
  #held: Uint8Array = nothing
  #found = false

  push(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#found && this.#held.length === 0) return bytes
    if (this.#held.length === 0 && endsEvent(bytes, bytes.length)) return holdsEmptyList(bytes) ? this.#filtered(bytes) : bytes
    const all = this.#held.length === 0 ? bytes : joined([this.#held, bytes])
    const end = lastEventEnd(all)
    this.#held = end === all.length ? nothing : all.slice(end)
    if (end === 0) return undefined
    const whole = all.subarray(0, end)
    return holdsEmptyList(whole) ? this.#filtered(whole) : whole
  }

  /** What was cut in the middle of an event goes on too, unless it is the event that is looked for. */
  end(): Uint8Array | undefined {
    const rest = this.#held
    this.#held = nothing
    return rest.length === 0 ? undefined : this.#filtered(rest)
  }

  #filtered(bytes: Uint8Array): Uint8Array | undefined {
    const kept: Uint8Array[] = []
    let from = 0
    for (let at = 0; at < bytes.length; ) {
      const end = nextEventEnd(bytes, at)
      if (holdsEmptyList(bytes.subarray(at, end)) && tellsOnlyUsage(bytes.subarray(at, end))) {
        this.#found = true
        kept.push(bytes.subarray(from, afterLineEnds(bytes, at)))
        from = end
      }
      at = end
    }
    if (from === 0) return bytes
    kept.push(bytes.subarray(from))
    const rest = kept.filter(({ length }) => length > 0)
    return rest.length === 0 ? undefined : joined(rest)
  }
}

/** The cheap question, on bytes: `"choices":[]` cannot be without an empty list. Each `indexOf` is one native search. */
function holdsEmptyList(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(close); at >= 0; at = bytes.indexOf(close, at + 1)) {
    let before = at - 1
    while (bytes[before] === space) before--
    if (bytes[before] === open) return true
  }
  return false
}

/** The first bytes may be the end of the empty line before: a stream may be cut anywhere. */
function afterLineEnds(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === 0x0a || bytes[at] === 0x0d) at++
  return at
}

const decoder = new TextDecoder()

function tellsOnlyUsage(event: Uint8Array): boolean {
  const text = decoder.decode(event)
  if (!/"choices": *\[ *\]/.test(text) || !text.includes('"usage"')) return false
  const data = text
    .split(/\r\n|\r|\n/)
    .flatMap((line) => /^data: ?(.*)$/s.exec(line)?.[1] ?? [])
    .join('\n')
  const { choices, usage, moderation } = asObject(parseJson(data))
  return Array.isArray(choices) && choices.length === 0 && isObject(usage) && !moderation
}
