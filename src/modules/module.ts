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
 * `inspector`: looks, beside the other inspectors. `policy`: says yes or no, one after the other. `transformer`: changes texts, one
 * after the other. `sink`: is told when the call is over, and nobody waits for it.
 */
export type ModuleKind = 'inspector' | 'policy' | 'transformer' | 'sink'

/** One text of a request or an answer, wherever its protocol keeps it. */
export interface Text {
  readonly text: string
  /** What it is for: `arguments` are JSON, of a tool call. */
  readonly kind: TextKind
}

/** A call, in words that are no vendor's. */
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
  /** Of the caller, those that belong to its protocol, lower case. Never a key. */
  readonly headers: Readonly<Record<string, string>>
  /** All that the request says, in its order. */
  readonly texts: readonly Text[]
  /** Those that tell the model what it is for, as `system` does: no user, document or tool has said them. */
  readonly instructions: ReadonlySet<string>
  /** The request as the caller's vendor words it: a copy, made for who asks. */
  readonly body: JsonObject
}

export interface ModuleAnswer {
  /** All that the model says. Of a sink without `content`, none. */
  readonly texts: readonly Text[]
  /** As the caller's vendor words it: a copy, made for who asks. Undefined for a stream and a failure. */
  readonly body: JsonObject | undefined
  /** The stream was longer than what is kept of one, and `texts` end where that does. */
  readonly isCut: boolean
  /** Who answered, as `provider/model`. Undefined when nobody was asked. */
  readonly target: string | undefined
  readonly usage: Usage | undefined
  readonly status: number | undefined
  /** Milliseconds since the first module saw the call. */
  readonly durationMs: number
  /** The call failed: a sink is told of that too. */
  readonly error:
    | {
        readonly code: string
        readonly status: number
        readonly message: string
        /** The words are the vendor's, and may quote what was said. */
        readonly byVendor: boolean
      }
    | undefined
}

/** A part of a stream's text. Each text of an answer (of a choice, a tool call) has parts of its own. */
export interface Piece {
  /** What has not been let go yet: what was held back of the last piece, and what has come since. */
  readonly text: string
  /** The last of what was let go: as many characters as `holdBack`. */
  readonly before: string
  /** How much of `text` goes on after this, unless an edit reaches beyond it. */
  readonly settled: number
  readonly kind: TextKind
  /** Nothing more comes of this text. Told where something was held back. */
  readonly final: boolean
  /** It did not come in pieces. Some vendors tell at its end once more what they have streamed. */
  readonly whole: boolean
}

/** Beside what it looks at, each function of a module is given this. */
export interface ModuleContext<Options = unknown> {
  readonly call: ModuleCall
  /** As the module's schema has given them. */
  readonly options: Options
  /** Fires when the module's time is up, or the call's. */
  readonly signal: AbortSignal
  /** The module's own, from the request to the end of the answer. */
  readonly state: Record<string, unknown>
  /** What has happened to the call so far, with what other modules have annotated. */
  readonly report: Readonly<Report>
}

/** Nothing: go on. */
export type Actions = Action | readonly Action[] | undefined

export interface ModuleHealth {
  readonly ok: boolean
  /** What is wrong, and what to see to. */
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
  /** The lower goes first among its kind. @defaultValue 100 */
  readonly priority?: number
  /** Which calls it is for. @defaultValue all */
  readonly when?: When
  /** Milliseconds that each of its functions may take. @defaultValue 1000, of a sink 10000 */
  readonly timeout?: number
  /** What a failure of its own means: `closed` refuses the call, `open` goes on without it. @defaultValue 'closed' for a policy, else 'open' */
  readonly onError?: 'closed' | 'open'
  /** Where it stands when the leash redacts: outside, with what the caller wrote, or inside, with what leaves. @defaultValue 'original' */
  readonly sees?: 'original' | 'redacted'
  /** Of a sink: whether it reads what was said. Without it no stream is kept for it. @defaultValue true */
  readonly content?: boolean
  /** Characters of a stream's text that are kept back until more has come, so that `chunk` sees them together. @defaultValue 0, at most 10000 */
  readonly holdBack?: number
  /** Modules that must be there, with the versions that will do: `{ 'content-filter': '^1.2.0' }`. They start and run before it. */
  readonly dependencies?: Readonly<Record<string, string>>
  /** Before anything is sent. */
  request?(call: ModuleCall, context: ModuleContext<Options>): MaybePromise<Actions>
  /** Of a whole answer. Where there is no `chunk`, a policy and a transformer see a stream so too: it waits for them. */
  response?(answer: ModuleAnswer, context: ModuleContext<Options>): MaybePromise<Actions>
  /** Of a stream, as it comes. */
  chunk?(piece: Piece, context: ModuleContext<Options>): MaybePromise<Actions>
  /** Before its first call. */
  start?(options: Options): MaybePromise<void>
  /** After its last call. */
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
