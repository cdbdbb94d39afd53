import * as z from '../../core/shape.js'
import { type Role, roles } from './roles.js'

/** What a value of the claim makes of somebody. */
export type OidcGrant = { readonly tenant: string; readonly role: Role } | { readonly administrator: true }

export interface OidcOptions {
  /** `https:`, or `http:` of this machine: as tokens name it. */
  readonly issuer: string
  /** Whom tokens have to be for: the id of the relay at the identity provider. */
  readonly audience: string
  /** The claim that says what somebody is: a text, or a list of them. @defaultValue 'groups' */
  readonly claim?: string
  /** By the values of the claim. Of several that somebody has, the first that stands here holds. */
  readonly grants: Readonly<Record<string, OidcGrant>>
  /** The claim that names him in keys and reports. @defaultValue 'sub' */
  readonly user?: string
  /** Lets people sign in at the provider from the dashboard. */
  readonly signIn?: ProviderSignInOptions
}

export interface ProviderSignInOptions {
  /** Of the relay, as browsers know it: `https://relay.example.com`. The provider sends them back there, and nowhere else. */
  readonly url: string
  /** Of the relay at the provider. @defaultValue none: the provider has it as a public client */
  readonly secret?: string
  /** On the button. @defaultValue the host of the issuer */
  readonly name?: string
  /** What is asked for beside `openid`, such as that which has the groups. @defaultValue ['profile', 'email'] */
  readonly scopes?: readonly string[]
  /** Milliseconds after which one has to sign in anew: so long may a group hold that was taken away. @defaultValue 43200000 (12 hours) */
  readonly sessionMs?: number
}

const text = () => z.string().check(z.minLength(1))

const address = text().check((value: string) => {
  const { origin, protocol, hostname } = URL.parse(value) ?? {}
  const safe = protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname ?? ''))
  return safe && (value === origin || value === `${origin}/`) ? undefined : 'must be like https://relay.example.com'
})

/** https://www.rfc-editor.org/rfc/rfc6749#section-3.3 */
const scope = text().check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/))

const signInShape = z.strictObject({
  url: address,
  secret: z.optional(text()),
  name: z.optional(text().check((value: string) => (value.length <= 60 ? undefined : 'has at most 60 characters'))),
  scopes: z.optional(z.array(scope)),
  sessionMs: z.optional(z.int().check(z.minimum(60_000), z.maximum(43_200_000))),
})

export const oidcShape = z.strictObject({
  issuer: text(),
  audience: text(),
  claim: z.optional(text()),
  user: z.optional(text()),
  signIn: z.optional(signInShape),
  grants: z.record(
    z.string(),
    z.union([z.strictObject({ tenant: text(), role: z.enum([...roles]) }), z.strictObject({ administrator: z.literal(true) })]),
  ),
})
