/**
 * What clients and the relay say to each other: JSON over HTTP, each request with the client's virtual key as a bearer token.
 *
 * | request | says | answers |
 * |---|---|---|
 * | `GET /v1/control/policy` | `If-None-Match`, `?wait=` seconds, `X-Leash-Client` and `X-Leash-Revision`: who asks, and what it holds to | {@link SignedBundle}, or 304 when nothing changed in that time |
 * | `POST /v1/control/leases` | {@link LeaseRequest} | {@link Lease}, or 402 with a {@link LeaseRefusal} |
 * | `POST /v1/control/leases/settle` | {@link LeaseSettlement} | 204 |
 * | `POST /v1/usage` | {@link UsageBatch}, gzipped or not | {@link UsageTaken}, or 429 with `Retry-After` |
 */
import type { LedgerLine } from '../core/ledger.js'

/** A policy as it is enforced, for one virtual key. */
export interface PolicyBundle {
  /** Another one for each change. */
  readonly revision: string
  /** Milliseconds since 1970. */
  readonly issuedAt: number
  readonly tenant: string
  readonly user?: string
  /** The id of the virtual key that the bundle is for. */
  readonly key: string
  /** Milliseconds that a client may go on by this bundle without having heard from the relay. */
  readonly staleMs: number
  /** What becomes of calls after that: they go on by the bundle, or fail with `overloaded`. */
  readonly whenStale: 'open' | 'closed'
  /** A `Policy` of src/policy.ts: to this side it is opaque. */
  readonly policy: Readonly<Record<string, unknown>>
}

export interface SignedBundle {
  /** A {@link PolicyBundle} as JSON: the very text that is signed. */
  readonly payload: string
  /** Ed25519 over the UTF-8 bytes of `payload`, in base64. */
  readonly signature: string
  /** The public key, 32 bytes in base64. A client keeps the first that it is given, unless it was told one beforehand. */
  readonly publicKey: string
}

/**
 * A scope that the relay holds nobody to is answered with 404, `error.code` being `not_found`: the client then keeps it by
 * itself. So it is with the marks that budgets set to tell of something once.
 */
export interface LeaseRequest {
  /**
   * Made by the client, at random: 22 characters of URL-safe base64. Asked twice with the same one, the relay lends once and
   * answers the same, so that an answer that was lost can be asked for again, or the lease be settled unseen.
   */
  readonly id?: string
  /** As budgets name it in their store: rule, unit, whose, and the window. */
  readonly scope: string
  /** Nano-dollars, tokens or requests, by the unit of the scope. The least that is of use. */
  readonly least: number
  /** What the client would like; the relay lends between `least` and this. */
  readonly wanted: number
}

export interface Lease {
  /** As it was asked for, where it was. */
  readonly id: string
  readonly scope: string
  readonly amount: number
  /** Milliseconds from now. What is not settled by then counts as spent, until the client says otherwise. */
  readonly ttlMs: number
  /** What is settled and lent of this scope in all, this lease included, and its limit. */
  readonly taken: number
  readonly limit: number
}

/** Nothing, or less than `least`, is left. */
export interface LeaseRefusal {
  readonly taken: number
  readonly limit: number
}

/**
 * How much of leases is spent. A lease that is settled lends no more: what is not spent is free for others at once.
 *
 * It may be said again, in any order and more than once: of all `spent` the least holds, of all `beyond` the most. So a client
 * whose lease has ended while calls are under way counts what is set aside for them as spent, and says less when they end. A
 * lease that the relay does not know is answered as any other, and never lent: its request may still be on the way.
 */
export interface LeaseSettlement {
  readonly leases: readonly {
    readonly id: string
    /** Of the lease's amount; never more. */
    readonly spent: number
    /** Spent beyond every lease, when a call used more than was set aside for it. */
    readonly beyond?: number
  }[]
}

export interface UsageBatch {
  /** Ids are the lines' own: a line that comes twice counts once. */
  readonly lines: readonly LedgerLine[]
}

export interface UsageTaken {
  readonly taken: number
  /** Had come before. */
  readonly known: number
}
