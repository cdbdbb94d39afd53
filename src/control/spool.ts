/**
 * Lines that wait for the relay on disk: JSON lines in small files, so that the oldest can be delivered, or given up, while
 * the newest is written. Files survive the process, not the loss of power.
 *
 * A file belongs to the process whose name it begins with, as long as that one touches it now and then. Whoever finds one that
 * nobody touches any more makes it his own by renaming it, and only one can: so a file never has two deliverers. Should its
 * owner only have slept, it finds its file gone, and goes on in another.
 */
import { codeOf } from '../core/code-of.js'
import { later } from '../core/timers.js'

export interface SpoolOptions {
  /** Milliseconds after which a file that nobody has touched is nobody's. @defaultValue 60000 */
  readonly staleMs?: number
  /** Of all files of this process. @defaultValue 67108864 (64 MiB) */
  readonly mostBytes?: number
  /** Of one file. @defaultValue 1048576 (1 MiB) */
  readonly fileBytes?: number
}

export interface SpoolFile {
  readonly path: string
  bytes: number
}

export interface Read {
  readonly lines: readonly string[]
  /** A process that died while it wrote leaves half of a line. */
  readonly broken: number
}

type Files = typeof import('node:fs/promises')
type AtOnce = Pick<typeof import('node:fs'), 'writeFileSync' | 'renameSync'>

const ending = '.jsonl'
const nobodys = `.free${ending}`

export class Spool {
  readonly #folder: string
  readonly #options: Required<SpoolOptions>
  readonly #fs: Files
  readonly #atOnce: AtOnce
  readonly #owner = crypto.randomUUID()
  /** The oldest first. */
  readonly #files: SpoolFile[] = []
  /** The file that is being added to. */
  #open: SpoolFile | undefined
  #count = 0
  /** One thing at a time. */
  #last: Promise<unknown> = Promise.resolve()
  #forgetTouch: (() => void) | undefined

  private constructor(folder: string, options: SpoolOptions, fs: Files, atOnce: AtOnce) {
    const { staleMs = 60_000, mostBytes = 64 * 1024 * 1024, fileBytes = 1024 * 1024 } = options
    this.#folder = folder
    this.#options = { staleMs, mostBytes, fileBytes }
    this.#fs = fs
    this.#atOnce = atOnce
  }

  static async open(folder: string, options: SpoolOptions = {}): Promise<Spool> {
    const [fs, atOnce] = await Promise.all([import('node:fs/promises'), import('node:fs')])
    await fs.mkdir(folder, { recursive: true, mode: 0o700 })
    return new Spool(folder, options, fs, atOnce)
  }

  get isEmpty(): boolean {
    return this.#files.length === 0
  }

  /** @returns how many of the oldest lines had to go, so that these have room */
  add(lines: readonly string[]): Promise<number> {
    return this.#inTurn(async () => {
      const text = lines.map((line) => `${line}\n`).join('')
      let file = this.#open ?? this.#begin()
      while (!(await this.#append(file.path, text))) {
        this.#forget(file)
        file = this.#begin()
      }
      file.bytes += text.length
      if (file.bytes >= this.#options.fileBytes && file === this.#open) this.#open = undefined
      this.#touchLater()
      return this.#makeRoom()
    })
  }

  /** The oldest file; nothing is added to it any more. */
  first(): SpoolFile | undefined {
    const [first] = this.#files
    if (first === this.#open) this.#open = undefined
    return first
  }

  /** @throws what keeps a file from being read that is there: then the others come first */
  read(file: SpoolFile): Promise<Read> {
    const { path } = file
    return this.#inTurn(async () => {
      const text = await this.#fs.readFile(path, 'utf8').catch((error: unknown) => this.#unread(file, error))
      const all = text.split('\n').filter(Boolean)
      const lines = all.filter(isJson)
      return { lines, broken: all.length - lines.length }
    })
  }

  /** It has been delivered. */
  remove(file: SpoolFile): Promise<void> {
    return this.#inTurn(() => this.#drop(file))
  }

  /** Takes over what others have left. */
  adopt(): Promise<void> {
    return this.#inTurn(async () => {
      const names = await this.#fs.readdir(this.#folder).catch(() => [])
      const left = names.filter((name) => name.endsWith(ending) && !name.startsWith(this.#owner)).sort()
      for (const name of left) await this.#take(`${this.#folder}/${name}`)
      this.#touchLater()
    })
  }

  /** All of it and these lines to whoever comes next, without waiting for anything: the process is at its end. */
  leave(lines: readonly string[]): void {
    const { writeFileSync, renameSync } = this.#atOnce
    const text = lines.map((line) => `${line}\n`).join('')
    if (text !== '') writeFileSync(freed(this.#next()), text, { flag: 'wx', mode: 0o600 })
    for (const { path } of this.#files) renameSync(path, freed(path))
  }

  /** Leaves what is there to whoever comes next. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#forgetTouch?.()
      this.#open = undefined
      for (const { path } of this.#files.splice(0)) {
        await this.#fs.rename(path, freed(path)).catch(() => {})
      }
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  #begin(): SpoolFile {
    const file = { path: this.#next(), bytes: 0 }
    this.#files.push(file)
    this.#open = file
    return file
  }

  #next(): string {
    return `${this.#folder}/${this.#owner}.${String(this.#count++).padStart(6, '0')}${ending}`
  }

  /** @returns false when somebody has taken the file over meanwhile, and may have read it already */
  async #append(path: string, text: string): Promise<boolean> {
    const file = await this.#fs.open(path, 'a', 0o600)
    try {
      const { size } = await file.stat()
      await file.appendFile(text).catch(async (error) => {
        // On a disk that is full, half of a line: it comes again, and whole.
        await file.truncate(size)
        throw error
      })
      // Nobody else makes a file of this name: as long as there is one, it is that which was written.
      return await this.#fs.stat(path).then(
        () => true,
        (error: unknown) => codeOf(error) !== 'ENOENT',
      )
    } finally {
      await file.close()
    }
  }

  /** Somebody else has taken it over, or it is not to be had for the moment. */
  #unread(file: SpoolFile, error: unknown): string {
    if (codeOf(error) === 'ENOENT') return ''
    this.#forget(file)
    this.#files.push(file)
    throw error
  }

  async #take(path: string): Promise<void> {
    try {
      const { mtimeMs, size } = await this.#fs.stat(path)
      if (!path.endsWith(nobodys) && Date.now() - mtimeMs < this.#options.staleMs) return
      // Before it has its new name: by that it must look alive.
      await this.#touch(path)
      const mine = this.#next()
      await this.#fs.rename(path, mine)
      const at = this.#files.findLastIndex((file) => file !== this.#open) + 1
      this.#files.splice(at, 0, { path: mine, bytes: size })
    } catch {
      // Somebody was quicker.
    }
  }

  async #makeRoom(): Promise<number> {
    let lost = 0
    const size = () => this.#files.reduce((sum, { bytes }) => sum + bytes, 0)
    for (let first = this.#files[0]; first && size() > this.#options.mostBytes; first = this.#files[0]) {
      const text = await this.#fs.readFile(first.path, 'utf8').catch(() => '')
      lost += text.split('\n').filter(Boolean).length
      await this.#drop(first)
    }
    return lost
  }

  #forget(file: SpoolFile): void {
    const at = this.#files.indexOf(file)
    if (at >= 0) this.#files.splice(at, 1)
    if (file === this.#open) this.#open = undefined
  }

  async #drop(file: SpoolFile): Promise<void> {
    this.#forget(file)
    await this.#fs.rm(file.path, { force: true })
  }

  #touchLater(): void {
    this.#forgetTouch?.()
    if (this.#files.length === 0) return
    this.#forgetTouch = later(this.#options.staleMs / 4, () => {
      void Promise.all(this.#files.map(({ path }) => this.#touch(path).catch(() => {}))).then(() => this.#touchLater())
    })
  }

  #touch(path: string): Promise<void> {
    const now = new Date()
    return this.#fs.utimes(path, now, now)
  }
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    return false
  }
}

const freed = (path: string): string => path.replace(ending, nobodys)
