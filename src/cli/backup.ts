import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { defineCommand } from 'citty'
import { isLeashError, LeashError } from '../core/errors.js'
import { bytesOf, download, hasKey, needed } from './administration.js'
import { printJson, telling } from './output.js'

/** What the relay has beside its database, without which a copy of that is of little use. */
const signingKey = 'signing-key.pem'
const keyFiles = ['pepper', signingKey, 'master-key']

const database = 'relay.db'

/** What calls have cost that a relay has booked, and not written to its database before it was killed. */
const journal = 'journal'

export const backup = defineCommand({
  meta: {
    name: 'backup',
    description: 'Copies the database and the keys of a relay into a new folder, from which another relay can be started.',
  },
  args: {
    to: { type: 'positional', description: 'The new folder', required: false },
    folder: { type: 'string', description: "Folder of the relay's own files", default: '.leash' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { to: given, folder, json } }) =>
    telling(json, async () => {
      const to = needed(given, 'leash backup TO')
      if (existsSync(to)) throw new LeashError('invalid_config', `${to} is there already. Name a new folder.`)
      const runs = hasKey()
      // The database comes from elsewhere, and would hide that this is not the folder which has its keys.
      if (runs && !existsSync(join(folder, signingKey))) throw noFolder(folder)
      await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      // Under its own name it stands when it is whole: half of one is not to be taken for a backup.
      const part = await mkdtemp(join(dirname(to), `${basename(to)}.part-`))
      const keys = keyFiles.filter((name) => existsSync(join(folder, name)))
      const left = !runs && (await isFull(join(folder, journal))) ? [journal] : []
      try {
        await (runs ? fromRelay(join(part, database)) : fromFile(folder, join(part, database)))
        for (const name of [...keys, ...left]) await cp(join(folder, name), join(part, name), { recursive: true })
        await rename(part, to)
      } catch (error) {
        await rm(part, { recursive: true })
        throw error
      }
      const missing = keyFiles.filter((name) => !keys.includes(name))
      const files = [database, ...keys, ...left]
      if (json) printJson({ to, files, missing })
      else process.stdout.write(told(to, files, missing, folder))
    }),
})

const noFolder = (folder: string) =>
  new LeashError(
    'invalid_config',
    `There is no ${join(folder, signingKey)}, as every relay has one. Name its folder by --folder; GET /v1/admin/backup has the database alone.`,
  )

const isFull = async (folder: string) => (await readdir(folder).catch(() => [])).length > 0

/** While it runs: nobody else can open its file. */
async function fromRelay(to: string): Promise<void> {
  const copy = await download('backup')
  const file = await open(to, 'wx', 0o600)
  try {
    for await (const part of bytesOf(copy)) await file.write(part)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function fromFile(folder: string, to: string): Promise<void> {
  const file = join(folder, database)
  if (!existsSync(file))
    throw new LeashError(
      'invalid_config',
      `There is no ${file}. Name the relay's folder by --folder, or set LEASH_RELAY_ADMIN_KEY and LEASH_RELAY_URL to ask a relay that runs.`,
    )
  const { openSqlite } = await import('../relay/store/sqlite.js')
  const sql = await openSqlite({ file }).catch(alsoAsked)
  try {
    await sql.backup(to)
  } finally {
    await sql.close()
  }
}

/** What has the file open is the relay itself, most of the time. */
function alsoAsked(error: unknown): never {
  if (!isLeashError(error)) throw error
  throw new LeashError(
    error.code,
    `${error.detail} A relay that runs makes the copy by itself: set LEASH_RELAY_ADMIN_KEY, and LEASH_RELAY_URL.`,
    { cause: error },
  )
}

function told(to: string, files: readonly string[], missing: readonly string[], folder: string): string {
  const there = `${to} has ${files.join(', ')}.\n`
  if (missing.length === 0) return there
  return `${there}Not found in ${folder}: ${missing.join(', ')}. Where the relay has them elsewhere, back them up there.\n`
}
