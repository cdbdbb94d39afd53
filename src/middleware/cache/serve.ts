/** Gives a kept answer to a caller. */
import type { Call, Report, Result } from '../../core/call.js'
import type { Lazy } from '../../core/lazy.js'
import { LazyAnswer } from '../../core/lazy-answer.js'
import type { Accounts } from '../../core/ledger.js'
import { usdOf } from '../../core/money.js'
import { usageOf } from '../../core/usage.js'
import type { About, Found } from './kept.js'
import { Replay } from './replay.js'

export function serve({ head, content }: Found, call: Call, paced: boolean): Result {
  const { status, pieces = [] } = head.about
  const headers = new Headers(head.headers)
  if (typeof content !== 'string') return { stream: true, status, headers, body: new Replay(content, pieces, call, paced) }
  return new LazyAnswer({ status, headers }, content, (text) => JSON.parse(text))
}

/** As if the one who answered then had answered now, but for what it cost. */
export function tell(report: Report, about: About): void {
  report.provider = about.provider
  report.model = about.model
  if (about.usage) report.usage = usageOf(about.usage)
  if (about.warnings) report.warnings.push(...about.warnings)
  if (about.cost === undefined) return
  report.cost = { usd: 0, estimated: false, savedUsd: about.cost === null ? null : usdOf(about.cost) }
}

/** The first answer of a process may be given before anybody counts. */
export function book(accounts: Lazy<Accounts> | undefined, call: Call, about: About): void {
  if (accounts?.value) accounts.value.reuse(call, about)
  else
    accounts?.get().then(
      (accounts) => accounts.reuse(call, about),
      () => {},
    )
}
