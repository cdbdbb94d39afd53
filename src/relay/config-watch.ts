/** Tells when the file of the configuration may be another. */
import { watch } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Editors and deployments write a file in several steps. */
const quietMs = 200

/**
 * It is the folder that is looked at: editors put a new file in the place of the old one, and Kubernetes a link in the place of
 * a link, neither of which whoever looks at the file itself would see.
 *
 * @returns ends it
 */
export function watchConfig(file: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(dirname(resolve(file)), { persistent: false }, () => {
    clearTimeout(timer)
    timer = setTimeout(changed, quietMs)
    timer.unref()
  })
  // A folder that is gone has no more to say; a signal can still be sent.
  watcher.on('error', () => watcher.close())
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
