/**
 * An environment variable, or undefined: also where there is no environment (edge runtimes), where reading it is not
 * permitted (Deno), and where it is set to nothing but blanks.
 */
export function readEnv(name: string): string | undefined {
  try {
    const value = globalThis.process?.env?.[name]?.trim()
    return value === '' ? undefined : value
  } catch {
    return undefined
  }
}
