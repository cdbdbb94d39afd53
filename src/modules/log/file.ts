/** Lines in a file that does not grow for ever. One process writes one file. */
import { createReadStream, createWriteStream } from 'node:fs'
import { appendFile, rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { codeOf } from '../../core/code-of.js'
import type { ModuleHealth } from '../module.js'
import type { LogLine } from './line.js'

export interface FileTarget {
  readonly file: string
  /** A file that would become larger is put aside, as `file.1.gz`. @defaultValue 10485760 (10 MiB) */
  readonly maxBytes?: number
  /** Files that are kept aside. @defaultValue 5 */
  readonly maxFiles?: number
  /** @defaultValue true */
  readonly gzip?: boolean
}

/** Only its owner may read a log. */
const mode = 0o600

export class FileLog {
  readonly #path: string
  readonly #maxBytes: number
  readonly #maxFiles: number
  readonly #gzip: boolean
  #size: number | undefined
  #health: ModuleHealth = { ok: true }
  /** One line after the other. */
  #writing: Promise<void> = Promise.resolve()

  constructor({ file, maxBytes = 10 * 1024 * 1024, maxFiles = 5, gzip = true }: FileTarget) {
    this.#path = file
    this.#maxBytes = maxBytes
    this.#maxFiles = maxFiles
    this.#gzip = gzip
  }

  write(line: LogLine): Promise<void> {
    const written = this.#writing.then(() => this.#append(Buffer.from(`${JSON.stringify(line)}\n`)))
    this.#writing = written.catch(() => {})
    return written
  }

  health(): ModuleHealth {
    return this.#health
  }

  close(): Promise<void> {
    return this.#writing
  }

  async #append(bytes: Buffer): Promise<void> {
    try {
      this.#size ??= await sizeOf(this.#path)
      if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) await this.#rotate()
      await appendFile(this.#path, bytes, { mode })
      this.#size += bytes.length
      this.#health = { ok: true }
    } catch (error) {
      this.#size = undefined
      this.#health = { ok: false, detail: `The file cannot be written: ${codeOf(error) ?? 'unknown reason'}.` }
      throw error
    }
  }

  async #rotate(): Promise<void> {
    const aside = (at: number) => `${this.#path}.${at}${this.#gzip ? '.gz' : ''}`
    await rm(aside(this.#maxFiles), { force: true })
    for (let at = this.#maxFiles - 1; at >= 1; at--) await rename(aside(at), aside(at + 1)).catch(ignoreMissing)
    if (this.#gzip) {
      // What is half written must not pass for a whole file.
      const unfinished = `${aside(1)}.tmp`
      await pipeline(createReadStream(this.#path), createGzip(), createWriteStream(unfinished, { mode }))
      await rename(unfinished, aside(1))
      await rm(this.#path)
    } else await rename(this.#path, aside(1))
    this.#size = 0
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(ignoreMissing))?.size ?? 0
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
