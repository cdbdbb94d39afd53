const refusedKey = "The server's key was refused. Choose somebody else above, or tell whoever runs this page."
const busy = 'Too many questions at once. Wait a moment and try again, or choose somebody else above.'
const broken = 'The answer broke off. Try again, or choose somebody else above.'

/** What people are told, by the code of the error. */
export const problems: Readonly<Record<string, string>> = {
  missing_key: refusedKey,
  authentication_failed: refusedKey,
  permission_denied: refusedKey,
  rate_limited: busy,
  overloaded: busy,
  circuit_open: busy,
  budget_exceeded: "Today's budget for this chat is spent. It begins anew at midnight, UTC.",
  context_window_exceeded: 'This conversation has become too long. Reload the page to begin a new one.',
  content_filtered: 'The vendor does not answer this. Ask in other words, or choose somebody else above.',
  upstream_error: broken,
  stream_truncated: broken,
  network_error: broken,
  timeout: 'No answer came in time. Try again, or choose somebody else above.',
}

/** What another try does not help. */
export const final: ReadonlySet<string> = new Set(['budget_exceeded', 'context_window_exceeded'])

const usd = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumSignificantDigits: 2 })

export function dollars(amount: number): string {
  return usd.format(amount)
}
