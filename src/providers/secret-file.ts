/** A key that stands in a file, as secret stores, Kubernetes and Docker mount it. */
import { LeashError } from '../core/errors.js'

/** How often the file is looked at, at most, in milliseconds. */
const lookMs = 1000

interface Seen {
  readonly stamp: string
  readonly text: string
}

/**
 * A key that is read from a file, and read again when the file has changed: a secret can be replaced while the process runs.
 * Nothing watches the file between calls. Needs a file system: Node, Bun or Deno.
 *
 * @example
 * openai({ apiKey: secretFile('/run/secrets/openai') })
 */
export function secretFile(path: string): () => Promise<string> {
  let seen: Seen | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<Seen> | undefined

  async function look(): Promise<string> {
    looking ??= read(path, seen).finally(() => {
      lookedAt = performance.now()
      looking = undefined
    })
    try {
      seen = await looking
    } catch (error) {
      // A file that is being replaced can be gone for a moment.
      if (!seen) throw error
    }
    return seen.text
  }

  return async () => (seen && performance.now() - lookedAt < lookMs ? seen.text : look())
}

async function read(path: string, seen: Seen | undefined): Promise<Seen> {
  const { readFile, stat } = await fileSystem()
  try {
    const { mtimeMs, size, ino } = await stat(path)
    const stamp = `${mtimeMs} ${size} ${ino}`
    if (seen?.stamp === stamp) return seen
    const text = (await readFile(path, 'utf8')).trim()
    // Some writers empty a file before they fill it.
    return text === '' && seen ? seen : { stamp, text }
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new LeashError(
      'missing_key',
      `secretFile() cannot read ${JSON.stringify(path)}${why}. Check that the secret is mounted there, and that this process may read it.`,
      { cause },
    )
  }
}

async function fileSystem(): Promise<typeof import('node:fs/promises')> {
  try {
    return await import('node:fs/promises')
  } catch (cause) {
    throw new LeashError(
      'invalid_config',
      'secretFile() needs a file system, and this runtime has none. Pass a function that reads your secret instead.',
      { cause },
    )
  }
}
