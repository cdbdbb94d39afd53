/** Where variables are read: `process.env`, or the bindings that an edge runtime hands to its handlers. */
export type Env = Readonly<Record<string, string | undefined>>

/**
 * The variable, without the white space around it that files and secret stores tend to add; undefined when it is blank
 * or cannot be read: `process` is missing on some edge runtimes, and Deno throws without `--allow-env`.
 */
export function readEnv(name: string, env?: Env): string | undefined {
  try {
    const host: { readonly process?: { readonly env?: Env } } = globalThis
    return (env ?? host.process?.env)?.[name]?.trim() || undefined
  } catch {
    return undefined
  }
}
