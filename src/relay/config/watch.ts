/** Tells when the file of the configuration is another. */
import { readFileSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Editors and deployments write a file in several steps. */
const quietMs = 200

/**
 * It is the folder that is looked at: editors put a new file in the place of the old one, and Kubernetes a link in the place of
 * a link, neither of which whoever looks at the file itself would see. Other files of the folder change too, a log perhaps.
 *
 * @returns ends it
 */
export function watchConfig(file: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let known = textOf(file)
  const look = () => {
    const text = textOf(file)
    // While it is being replaced there is none.
    if (text === undefined || isBlank(text) || text === known) return
    known = text
    changed()
  }
  const watcher = watch(dirname(resolve(file)), { persistent: false }, () => {
    clearTimeout(timer)
    timer = setTimeout(look, quietMs)
    timer.unref()
  })
  // A folder that is gone has no more to say; a signal can still be sent.
  watcher.on('error', () => watcher.close())
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}

/** While it is being written, or when the disk is full, there may be nothing in it. */
export function isEmpty(file: string): boolean {
  const text = textOf(file)
  return text !== undefined && isBlank(text)
}

const isBlank = (text: string) => text.trim() === ''

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
