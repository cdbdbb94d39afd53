/** The relay's client, for one leash: the policy it holds calls to, budgets that are held together, and what calls have cost. */
import { atExit } from '../core/at-exit.js'
import { Lazy } from '../core/lazy.js'
import type { LedgerSink } from '../core/ledger.js'
import type { Budgets, MaybePromise } from '../core/store.js'
import { Connection } from './connection.js'
import { openFolder } from './folder.js'
import { LastGoodFile } from './last-good.js'
import { LeasedBudgets } from './leased-budgets.js'
import { Outbox } from './outbox.js'
import { PolicyFeed } from './policy-feed.js'
import { Spool } from './spool.js'
import type { PolicyBundle } from './wire.js'

export interface RelayOptions {
  /** Where the relay is: `https://relay.example.com`, or an `http:` address of this machine. */
  readonly url: string
  /** A virtual key of the relay. */
  readonly key: string
  /** Signs requests to the relay, for a key that requires it. The relay shows it together with the key. */
  readonly signingSecret?: string | undefined
  /** The relay's public key, in base64, which it prints at its start. @defaultValue the first one it sends, kept in `folder` */
  readonly publicKey?: string | undefined
  /**
   * Where the last good policy, and usage that the relay has not received yet, are kept. `false`: in memory only.
   *
   * @defaultValue `leashllm/relay` in the user's cache on Node, Bun and Deno; none elsewhere
   */
  readonly folder?: string | false | undefined
  /**
   * Used for requests to the relay, not for calls to models. With your own, and on Bun and Deno, the process only ends once its
   * leash is closed. @defaultValue the global `fetch`
   */
  readonly fetch?: typeof globalThis.fetch | undefined
}

export interface ControlDeps {
  /** Told of what went wrong beside the calls. @defaultValue nobody is */
  readonly warn?: (message: string) => void
}

export interface Control {
  /**
   * The first policy. Each who asks before there is one has it tried again.
   *
   * @throws LeashError when the relay does not take the key, or there is no policy to go by
   */
  ready(): Promise<PolicyBundle>
  /** Tells of each policy that follows the first. */
  onPolicy(listener: (bundle: PolicyBundle) => void): void
  /**
   * @throws LeashError when no call may be made any more: the key was revoked, or the policy is stale and forbids it
   * @returns the same of a policy that has become stale, once the relay was asked again
   */
  check(): MaybePromise<void>
  /** Every call is of the tenant and the key of the policy, whatever it says. */
  readonly binds: boolean
  readonly budgets: Budgets
  readonly sink: LedgerSink
  /** Gives back what was lent, and delivers what waits, for at most five seconds. */
  close(): Promise<void>
}

/** One that is a relay's client itself, and knows the policy in force. */
export interface RelayControl extends Control {
  /** @throws LeashError as {@link Control.check}, and before there is one */
  policy(): PolicyBundle
}

/**
 * Nothing is sent before {@link Control.ready} is asked, and nothing keeps the process alive but what is on its way.
 *
 * @throws LeashError `invalid_config`, `missing_key`
 */
export function openControl(options: RelayOptions, { warn = () => {} }: ControlDeps = {}): RelayControl {
  const { key, signingSecret, publicKey, folder, fetch } = options
  const connection = new Connection({ url: options.url, key, signingSecret, fetch })
  const home = new Lazy(() => openFolder({ url: connection.url, key, folder }, warn))
  const spool = new Lazy(async () => {
    const path = await home.get()
    return path === undefined ? undefined : Spool.open(`${path}/spool`)
  })
  const file = async () => {
    const path = await home.get()
    return path === undefined ? undefined : new LastGoodFile(path)
  }
  const feed = new PolicyFeed({ connection, publicKey, file, warn })
  const budgets = new LeasedBudgets({ connection, warn, whenAway: () => feed.whenAway })
  const outbox = new Outbox({ connection, warn, spool: () => spool.get() })
  const forget = atExit({ end: () => Promise.all([budgets.giveBack(), outbox.deliver()]), cut: () => outbox.keep() })
  const adopted = new Lazy(async () => outbox.adopt().catch(() => {}))
  return {
    async ready() {
      const [bundle] = await Promise.all([feed.ready(), outbox.open()])
      void adopted.get()
      return bundle
    },
    policy: () => feed.policy(),
    onPolicy: (listener) => feed.onPolicy(listener),
    check: () => feed.check(),
    binds: true,
    budgets,
    sink: outbox.sink,
    async close() {
      forget()
      await Promise.all([feed.close(), budgets.close(), outbox.close()])
    },
  }
}
