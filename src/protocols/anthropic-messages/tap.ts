import type { LeashError } from '../../core/errors.js'
import { asObject, parseJson } from '../../core/json.js'
import type { Usage } from '../../core/usage.js'
import { isMalformed, malformedEvent } from '../malformed.js'
import type { Tap, WireEvent } from '../protocol.js'
import { failureInBody } from './error.js'
import { overlay, type RawUsage, readTier, readUsage } from './usage.js'
import { mustBeJson } from './wire.js'

/** Text and thinking open empty; every other block says something by opening. */
const opensEmpty = /"type":\s*"(?:text|thinking)"/
const typed = /"type":\s*"([a-z_]+)"/

/** Runs on every event of a stream that passes through: only the few that tell of usage or failure are parsed. */
export class MessageTap implements Tap {
  content = false
  terminal = false
  error: LeashError | undefined
  #usage: RawUsage | undefined
  #searches = 0

  get usage(): Usage | undefined {
    return readUsage(this.#usage)
  }

  get tier(): string | undefined {
    return readTier(this.#usage ?? {})
  }

  // Some gateways leave the event's name out.
  see({ event, data }: WireEvent): void {
    if (this.terminal) return
    if (mustBeJson(event, data) && isMalformed(data)) {
      this.error ??= malformedEvent()
      return
    }
    switch (event || typed.exec(data)?.[1]) {
      case 'content_block_delta':
        this.content = true
        break
      case 'content_block_start':
        if (!this.content) this.content = !opensEmpty.test(data)
        // Told at the end, for which a caller who leaves does not wait. One that failed is not billed.
        if (data.includes('"web_search_tool_result"') && !data.includes('"web_search_tool_result_error"'))
          this.#account({ server_tool_use: { web_search_requests: ++this.#searches } })
        break
      case 'message_start':
        this.#account(asObject(asObject(parseJson(data)).message).usage)
        break
      case 'message_delta':
        this.#account(asObject(parseJson(data)).usage)
        break
      case 'message_stop':
        this.content = true
        this.terminal = true
        break
      case 'error':
        this.error ??= failureInBody(parseJson(data))
        break
    }
  }

  #account(usage: unknown): void {
    this.#usage = overlay(this.#usage ?? {}, usage)
  }
}
