import * as z from '../../config/shape.js'
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
}

const text = () => z.string().check(z.minLength(1))

export const oidcShape = z.strictObject({
  issuer: text(),
  audience: text(),
  claim: z.optional(text()),
  user: z.optional(text()),
  grants: z.record(
    z.string(),
    z.union([z.strictObject({ tenant: text(), role: z.enum([...roles]) }), z.strictObject({ administrator: z.literal(true) })]),
  ),
})
