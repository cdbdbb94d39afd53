/** How what is in the queue goes out: to a webhook, by mail, to a billing system. */
import { untilStopped } from '../../core/until-stopped.js'
import { retryAfterMs } from '../../protocols/retry-after.js'
import { type BillingOptions, formOf } from '../usage/billing.js'
import type { Outcome, Sender } from './courier.js'
import type { WebhookEndpoints } from './endpoints.js'
import type { Mailer } from './mail.js'
import type { SafeAnswer, SafeFetch } from './safe-fetch.js'
import { signedHeaders } from './sign.js'

/** Between two looks whether there is an export again, in milliseconds. */
const offMs = 300_000

/** Shorter than a relay keeps its hands on what it sends. */
const usualMailMs = 30_000

const agent = 'leashllm-webhook'

/** Where deliveries go, and how one is told that it is to have no more. */
interface Targets extends Pick<WebhookEndpoints, 'target'> {
  update(id: string, changes: { readonly enabled: false }): Promise<unknown>
}

export interface WebhookSenderDeps {
  readonly endpoints: Targets
  readonly fetch: () => SafeFetch
  readonly now: () => number
}

export function webhookSender({ endpoints, fetch, now }: WebhookSenderDeps): Sender {
  return async ({ id, endpoint, body }, signal) => {
    const target = await endpoints.target(endpoint)
    if (!target) return { ok: false, last: 'The webhook is switched off.', final: true }
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': agent,
      ...signedHeaders(target.secrets, id, now(), body),
    }
    const answer = await fetch().send(target.url, { headers, body, signal })
    if (answer.status !== 410) return outcomeOf(answer)
    await endpoints.update(endpoint, { enabled: false })
    return { ok: false, last: 'It answered 410, and is told no more.', final: true }
  }
}

/** @param mostMs for which a server is waited for that goes on saying something, and never that it has the mail */
export function mailSender(mailer: () => Mailer | undefined, mostMs = usualMailMs): Sender {
  return async (mail, signal) => {
    const open = mailer()
    if (!open) return { ok: false, last: 'No mail is configured any more.', final: true }
    return { ok: true, last: await untilStopped(open.send(mail), { signal, deadline: Date.now() + mostMs }) }
  }
}

export function billingSender(options: () => BillingOptions | undefined, fetch: () => SafeFetch): Sender {
  return async ({ id, body }, signal) => {
    const { url, key, format, file } = options() ?? {}
    if (file !== undefined) return { ok: true, last: await (await import('../usage/billing-file.js')).appendOnce(file, body) }
    if (url === undefined) return { ok: false, last: 'The export for billing is switched off.', waitMs: offMs }
    const sent = format === 'form' ? formOf(body) : body
    const headers = {
      'content-type': format === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
      'content-length': String(Buffer.byteLength(sent)),
      'user-agent': agent,
      'idempotency-key': id,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    }
    return outcomeOf(await fetch().send(url, { headers, body: sent, signal }))
  }
}

function outcomeOf({ status, headers }: SafeAnswer): Outcome {
  const last = `It answered ${status}.`
  if (status >= 200 && status < 300) return { ok: true, last }
  const after = retryAfterMs(headers)
  return { ok: false, last, ...(after !== undefined && { retryAfterMs: after }) }
}
