/** What is seen of a stream on its way past. The names of events are enough for all but the last. */
import type { LeashError } from '../../core/errors.js'
import { asObject, asString, parseJson } from '../../core/json.js'
import type { ToolUses } from '../../core/ledger.js'
import type { Usage } from '../../core/usage.js'
import { isMalformed, malformedEvent } from '../malformed.js'
import type { Tap, WireEvent } from '../protocol.js'
import { streamError } from './error.js'
import { toolsIn, usageIn } from './usage.js'

const failures = new Set(['error', 'response.failed'])
const ends = new Set(['response.completed', 'response.incomplete'])

const head = '{"type":"'

/** The type of an event whose frame does not name it, without parsing it when it comes first, as it does. */
function typeOf(data: string): string {
  if (data.startsWith(head)) return data.slice(head.length, data.indexOf('"', head.length))
  return String(asObject(parseJson(data)).type)
}

/** What comes before the answer itself. An event that nobody here knows may be a part of it, which its reader has to judge. */
const quiet =
  /^(?:keepalive|ping|response\.(?:created|queued|in_progress|(?:output_item|content_part|reasoning_summary_part)\.(?:added|done)|.*\.(?:in_progress|searching|interpreting|generating|completed|failed)))$/

const begins: ReadonlySet<string> = new Set(['response.created', 'response.queued', 'response.in_progress'])

export class Watch implements Tap {
  content = false
  terminal = false
  began?: boolean
  usage: Usage | undefined
  tier: string | undefined
  error: LeashError | undefined
  #begun = 0
  #whole = 0
  /** Events of searches. They are read where nobody has told of them at the end. */
  readonly #searches: string[] = []

  get uses(): ToolUses | undefined {
    return this.usage ? undefined : toolsIn({ output: this.#searches.map((data) => asObject(parseJson(data)).item) })
  }

  see({ event, data }: WireEvent): void {
    if (this.terminal && !this.error) return
    if (data !== '[DONE]' && isMalformed(data)) {
      this.error ??= malformedEvent()
      return
    }
    const type = event ?? typeOf(data)
    if (!this.began) this.began = begins.has(type)
    if (type === 'response.output_item.added') this.#begun++
    else if (type === 'response.output_item.done') {
      this.#whole++
      if (data.includes('_search_call"')) this.#searches.push(data)
    }
    if (data === '[DONE]') this.#ended()
    else if (ends.has(type)) {
      this.terminal = true
      this.content = true
      const { response } = asObject(parseJson(data))
      this.usage = usageIn(response)
      this.tier = asString(asObject(response).service_tier)
    } else if (failures.has(type)) {
      this.#failed(asObject(parseJson(data)))
    } else if (!this.content) {
      this.content = !quiet.test(type) || (type === 'response.output_item.added' && !isReasoning(data))
    }
  }

  /**
   * Servers that follow OpenAI's chat protocol in all else end their streams as that one does. Without
   * `response.completed` that is an end only where everything which had begun was whole.
   */
  #ended(): void {
    if (this.#whole > 0 && this.#whole >= this.#begun) this.terminal = this.content = true
  }

  /** The API tells of a failure twice, and the first time more precisely. */
  #failed(event: Record<string, unknown>): void {
    this.terminal = true
    this.error ??= streamError(event)
    this.usage ??= usageIn(event.response)
  }
}

function isReasoning(data: string): boolean {
  return asObject(asObject(parseJson(data)).item).type === 'reasoning'
}
