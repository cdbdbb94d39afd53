import { LeashError } from './errors.js'

/**
 * Loads an optional peer on its first use.
 *
 * @param load imports it within a `try`: so bundlers leave it out where it is not installed, in place of failing
 * @throws LeashError `missing_dependency`, with the command that installs it
 */
export async function loadOptional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause
    throw new LeashError('missing_dependency', `This needs the package \`${name}\`. Install it: npm i ${name}`, { cause })
  }
}

/** For the `catch` of that `try`. @throws what it is given */
export function absent(error: unknown): never {
  throw error
}

/** As bundlers, and hosts without a package manager, say it. */
const bundled = /^(?:cannot find (?:module|package)|no such module|could not resolve|failed to resolve)/i

/** The package itself is not there; one of its own dependencies missing is another matter, and keeps its own error. */
function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    (('code' in error && (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')) ||
      bundled.test(error.message)) &&
    (error.message.includes(`'${name}'`) || error.message.includes(`"${name}"`))
  )
}
