/** What a module is made of, and what its functions are given. */
import type { Report } from '../core/call.js'
import type { JsonObject } from '../core/json.js'
import type { MaybePromise } from '../core/store.js'
import type { Usage } from '../core/usage.js'
import type { Redaction } from '../middleware/redact/open.js'
import type { TextKind } from '../protocols/protocol.js'
import type { Action } from './actions.js'
import type { When } from './conditions.js'

/**
 * `inspector`: looks at calls, all inspectors at the same time. `policy`: allows or refuses, one after the other. `transformer`:
 * changes texts, one after the other. `sink`: gets a copy when the call is over; the call does not wait for it.
 */
export type ModuleKind = 'inspector' | 'policy' | 'transformer' | 'sink'

/** One text of a request or an answer, wherever its protocol keeps it. */
export interface Text {
  readonly text: string
  /** What the text is: `arguments` is the JSON of a tool call. */
  readonly kind: TextKind
}

/** A call, independent of any vendor's format. */
export interface ModuleCall {
  readonly id: string
  readonly protocol: string
  /** As the caller wrote it. */
  readonly model: string
  /** Where it would go first, as `provider/model`. */
  readonly target: string
  readonly provider: string
  readonly stream: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly tenant: string | undefined
  readonly user: string | undefined
  readonly conversation: string | undefined
  /** The caller's headers that belong to its protocol, in lower case. Never a key. */
  readonly headers: Readonly<Record<string, string>>
  /** All texts of the request, in order. */
  readonly texts: readonly Text[]
  /** Those of `texts` that are system messages and the like, and not from a user, document or tool. */
  readonly instructions: ReadonlySet<string>
  /** The request in the caller's own protocol: a copy, made when it is read. */
  readonly body: JsonObject
}

export interface ModuleAnswer {
  /** All texts of the answer. Empty for a sink with `content: false`. */
  readonly texts: readonly Text[]
  /** The answer in the caller's own protocol: a copy, made when it is read. Undefined for a stream and a failure. */
  readonly body: JsonObject | undefined
  /** The stream was longer than what is kept, so `texts` are incomplete. */
  readonly isCut: boolean
  /** Who answered, as `provider/model`. Undefined if no vendor was asked. */
  readonly target: string | undefined
  readonly usage: Usage | undefined
  readonly status: number | undefined
  /** Milliseconds since the first module saw the call. */
  readonly durationMs: number
  /** Set if the call failed; sinks are called then too. */
  readonly error:
    | {
        readonly code: string
        readonly status: number
        readonly message: string
        /** The message is the vendor's, and may quote the prompt. */
        readonly byVendor: boolean
      }
    | undefined
}

/** A part of a stream's text. Each text of an answer (of a choice, a tool call) comes in its own parts. */
export interface Piece {
  /** Text not yet passed on: what was held back of the last piece, and what has come since. */
  readonly text: string
  /** The end of what was passed on before: as many characters as `holdBack`. */
  readonly before: string
  /** How much of `text` is passed on after this call, unless an edit reaches beyond it. */
  readonly settled: number
  readonly kind: TextKind
  /** This text is complete. Set only if something was held back. */
  readonly final: boolean
  /** The text did not come in pieces. Some vendors repeat at the end what they have streamed. */
  readonly whole: boolean
}

/** The second argument of a module's functions. */
export interface ModuleContext<Options = unknown> {
  readonly call: ModuleCall
  /** The module's options, as validated by its schema. */
  readonly options: Options
  /** Fires when the module's time is up, or the call's. */
  readonly signal: AbortSignal
  /** For the module's own use, from the request to the end of the answer. */
  readonly state: Record<string, unknown>
  /** What has happened to the call so far, with what other modules have annotated. */
  readonly report: Readonly<Report>
}

/** What a function returns. Nothing: the call goes on. */
export type Actions = Action | readonly Action[] | undefined

export interface ModuleHealth {
  readonly ok: boolean
  /** What is wrong, and what to do about it. */
  readonly detail?: string
}

/** The form of `zod`, `valibot`, `arktype` and others: https://standardschema.dev */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type Validated<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

export interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export interface ModuleDefinition<Options = unknown> {
  readonly name: string
  /** `major.minor.patch`. @defaultValue '0.0.0' */
  readonly version?: string
  readonly kind: ModuleKind
  /** Lower values go first within a kind. @defaultValue 100 */
  readonly priority?: number
  /** Which calls it applies to. @defaultValue all */
  readonly when?: When
  /** Milliseconds that each of its functions may take. @defaultValue 1000; for a sink 10000 */
  readonly timeout?: number
  /** What happens if the module itself fails: `closed` refuses the call, `open` goes on without it. @defaultValue 'closed' for a policy, else 'open' */
  readonly onError?: 'closed' | 'open'
  /** If the leash redacts: whether the module sees the caller's texts, or those that are sent to the vendor. @defaultValue 'original' */
  readonly sees?: 'original' | 'redacted'
  /** For a sink: whether it reads texts. `false`: no stream is kept for it. @defaultValue true */
  readonly content?: boolean
  /** Characters of a stream's text that are held back until more has come, so that `chunk` sees them together. At most 10000. @defaultValue 0 */
  readonly holdBack?: number
  /** Modules that must be there, with matching versions: `{ 'content-filter': '^1.2.0' }`. They start and run before this one. */
  readonly dependencies?: Readonly<Record<string, string>>
  /** Called before anything is sent. */
  request?(call: ModuleCall, context: ModuleContext<Options>): MaybePromise<Actions>
  /** Called with a whole answer. For a policy or transformer without `chunk`, a stream is held back until it is complete. */
  response?(answer: ModuleAnswer, context: ModuleContext<Options>): MaybePromise<Actions>
  /** Called with the text of a stream, as it comes. */
  chunk?(piece: Piece, context: ModuleContext<Options>): MaybePromise<Actions>
  /** Called before its first call. */
  start?(options: Options): MaybePromise<void>
  /** Called after its last call. */
  stop?(): MaybePromise<void>
  health?(): MaybePromise<ModuleHealth | boolean>
}

/** A module that can be given to a leash. */
export interface Module extends ModuleDefinition {
  readonly version: string
  readonly priority: number
  readonly timeout: number
  readonly onError: 'closed' | 'open'
  readonly sees: 'original' | 'redacted'
  readonly holdBack: number
  readonly settings: unknown
  /** Of one of ours alone: how much of the end of such a text is kept back, in place of `holdBack`. */
  readonly holdBackOf?: (text: Text) => number
  /** Of one of ours alone: what it does between what the caller wrote and what leaves. */
  readonly crossing?: Redaction['way']
  /** Of one of ours alone: it edits what the vendor has said, and does not only put back what it took out. */
  readonly editsAnswers?: boolean
}
