/** Events by mail, over whatever SMTP server is configured. */
import { LeashError } from '../../core/errors.js'
import { asObject, parseJson } from '../../core/json.js'
import { absent, loadOptional } from '../../core/optional.js'
import type { EventType } from './events.js'

export interface MailOptions {
  /** `smtps://user:password@host`, or `smtp://…`, which is encrypted before anything is said unless it is this machine. */
  readonly url: string
  readonly from: string
  readonly to: readonly string[]
  /** @defaultValue budgets and anomalies */
  readonly events?: readonly EventType[]
}

export interface Mail {
  readonly id: string
  readonly type: string
  readonly tenant: string
  /** As a webhook is told it. */
  readonly body: string
}

export interface Mailer {
  /** Whether there is what mails are sent by. @throws LeashError `missing_dependency` */
  ready(): Promise<unknown>
  /** @returns what the server said @throws LeashError `network_error`, `missing_dependency` */
  send(mail: Mail): Promise<string>
  close(): void
}

/** What is used of the package `nodemailer`, so that nobody needs its types who does not use it. */
interface Transport {
  sendMail(message: object): Promise<{ readonly response?: string }>
  close(): void
}

interface Package {
  createTransport(options: object): Transport
}

/** Named by a variable: it is an optional peer. */
const packageName: string = 'nodemailer'

const timeoutMs = 10_000

export const usualMail: readonly EventType[] = ['budget.threshold', 'budget.exhausted', 'cost.anomaly']

export function openMailer({ url, from, to }: MailOptions): Mailer {
  let opening: Promise<Transport> | undefined
  const transport = async () => {
    const load = async () => {
      try {
        return await import(packageName)
      } catch (error) {
        return absent(error)
      }
    }
    const loaded = await loadOptional<{ readonly default: Package }>(packageName, load)
    const { hostname } = new URL(url)
    return loaded.default.createTransport({
      url,
      // A password that is sent in the clear is everybody's.
      requireTLS: !isLocal(hostname),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }
  const ready = () => {
    opening ??= transport().catch((error) => {
      opening = undefined
      throw error
    })
    return opening
  }
  return {
    ready,
    async send(mail) {
      const open = await ready()
      try {
        const { response = 'It was sent.' } = await open.sendMail({ from, to: [...to], ...messageOf(mail) })
        return response
      } catch (cause) {
        const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''
        throw new LeashError('network_error', `The mail was not taken${code}.`, { cause, retryable: true })
      }
    },
    close() {
      void opening?.then((open) => open.close()).catch(() => {})
    },
  }
}

const isLocal = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)

function messageOf({ id, type, tenant, body }: Mail) {
  const { data, timestamp } = asObject(parseJson(body))
  const members = Object.entries(asObject(data)).map(
    ([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  )
  return {
    // The same mail that is sent twice is one to whoever reads it.
    messageId: `<${id}@leashllm>`,
    subject: `[leash] ${type}${tenant === '' ? '' : `: ${tenant}`}`,
    text: [`${type}, ${String(timestamp)}`, '', ...members, ''].join('\n'),
  }
}
