/** What can be said of the ClickHouse that is told of usage too. */
import * as z from '../../core/shape.js'

export interface ClickHouseOptions {
  /** Of its HTTP interface, such as `http://clickhouse:8123`. */
  readonly url: string
  /** It has to exist. @defaultValue 'default' */
  readonly database?: string
  /** Is made where it is absent. @defaultValue 'leash_usage' */
  readonly table?: string
  /** @defaultValue 'default' */
  readonly user?: string
  readonly password?: string
}

const text = z.string().check(z.minLength(1))
const name = z.string().check(z.regex(/^[A-Za-z_]\w{0,63}$/))

const address = text.check((value: string) => {
  const { protocol = '', username, password } = URL.parse(value) ?? {}
  if (!/^https?:$/.test(protocol)) return 'must be like http://clickhouse:8123'
  return username || password ? 'has a user or a password in it: they have members of their own' : undefined
})

export const clickHouseShape = z.strictObject({
  url: address,
  database: z.optional(name),
  table: z.optional(name),
  user: z.optional(text),
  password: z.optional(z.string()),
})
