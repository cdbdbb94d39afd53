/** Where a client keeps what must outlive the process: the last good policy, and lines that nobody has taken yet. */
import { codeOf } from '../core/code-of.js'
import { hex } from '../core/hex.js'
import { hasFiles } from '../core/platform.js'

export interface FolderOptions {
  readonly url: string
  readonly key: string
  /** Absent: one in the user's cache. `false`: none. */
  readonly folder?: string | false | undefined
}

/**
 * Each key of each relay has one of its own, so that what was meant for one is not read as another's.
 *
 * @returns undefined where no files can be kept
 */
export async function openFolder(
  { url, key, folder }: FolderOptions,
  warn: (message: string) => void,
): Promise<string | undefined> {
  if (folder === false || !hasFiles()) return undefined
  const [{ mkdir }, { join }] = await Promise.all([import('node:fs/promises'), import('node:path')])
  const path = join(folder ?? (await usual()), await nameOf(`${url}\n${key}`))
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    return path
  } catch (error) {
    const why = codeOf(error) ?? 'unknown reason'
    warn(
      `The relay's policy is not kept on disk: ${path} cannot be made (${why}). Set \`relay.folder\` to a folder, or to false.`,
    )
    return undefined
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ and what Apple and Microsoft have in its place. */
async function usual(): Promise<string> {
  const [{ homedir }, { join }] = await Promise.all([import('node:os'), import('node:path')])
  const { platform, env } = process
  const cache = {
    darwin: () => join(homedir(), 'Library', 'Caches'),
    win32: () => env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'),
  }
  const base = platform === 'darwin' || platform === 'win32' ? cache[platform]() : env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(base, 'leashllm', 'relay')
}

/** A key has 256 bits of chance in it: nobody finds it by its hash. */
async function nameOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return hex(hash.slice(0, 16))
}
