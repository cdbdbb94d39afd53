import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LeashError } from '../../core/errors.js'
import { isObject, parseJson } from '../../core/json.js'
import type { CassetteFile, Recording } from './format.js'

/** Where recordings are kept: one file, or a folder with a file for each request. */
export interface Store {
  load(): Recording[]
  add(recording: Recording): void
  /** Forgets what was recorded before. */
  clear(): void
}

export function openStore(path: string): Store {
  return path.endsWith('.json') ? fileStore(path) : folderStore(path)
}

function fileStore(path: string): Store {
  return {
    load: () => (existsSync(path) ? readCassette(path) : []),
    // Read again each time: another cassette may write to the same file.
    add: (recording) => writeCassette(path, [...(existsSync(path) ? readCassette(path) : []), recording]),
    clear: () => (existsSync(path) ? writeCassette(path, []) : undefined),
  }
}

function folderStore(path: string): Store {
  const files = () => (existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.json')) : []).sort()
  return {
    load: () => files().flatMap((name) => readCassette(join(path, name))),
    add: (recording) => fileStore(join(path, nameOf(recording))).add(recording),
    clear: () => {
      for (const name of files()) writeCassette(join(path, name), [])
    },
  }
}

/** `post-v1-chat-completions-0123456789ab.json` */
function nameOf({ key, request }: Recording): string {
  const words = `${request.method}${new URL(request.url).pathname}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `${words.slice(0, 80).replace(/-$/, '')}-${key.slice(0, 12)}.json`
}

function readCassette(path: string): Recording[] {
  const file = parseJson(readFileSync(path, 'utf8'))
  if (isObject(file) && file.format === 'leash-cassette' && file.version === 1) {
    return [...(file as unknown as CassetteFile).recordings]
  }
  throw new LeashError(
    'invalid_config',
    `${path} is not a cassette of version 1. Delete the file and record it again, or give another path.`,
  )
}

function writeCassette(path: string, recordings: readonly Recording[]): void {
  const order = ({ request, key }: Recording) => `${new URL(request.url).pathname} ${request.method} ${key}`
  const file: CassetteFile = {
    format: 'leash-cassette',
    version: 1,
    // The sort is stable, which keeps repeated requests in their order.
    recordings: [...recordings].sort((one, other) => {
      const [a, b] = [order(one), order(other)]
      return a === b ? 0 : a < b ? -1 : 1
    }),
  }
  mkdirSync(dirname(path), { recursive: true })
  // A reader never sees half a file.
  writeFileSync(`${path}.tmp`, `${JSON.stringify(file, null, 2)}\n`)
  renameSync(`${path}.tmp`, path)
}
