/**
 * Runs one program on every runtime that is promised, from the packed tarball and over real sockets, and writes what was
 * seen to docs/runtimes.md. The runtimes come from npm into a folder of their own, some 800 MB, which is kept for the next run.
 *
 * With `--check` it writes nothing: it takes the versions that the page tells, compares what was seen with the page, and runs
 * a part of the tests on each runtime. With `--until`, milliseconds since 1970, it begins none of these later, and says so.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../fresh-build.ts'
import { notRun } from '../not-run.ts'
import { startOffline } from '../offline.ts'
import { pack } from '../pack.ts'
import { no, pageOf, type Row, versionsIn } from './page.ts'
import { install, runtimes, type Seen } from './runtimes.ts'
import { passes } from './suite.ts'

const { check, until } = parseArgs({ options: { check: { type: 'boolean', default: false }, until: { type: 'string' } } }).values
const isLate = () => until !== undefined && Date.now() > Number(until)
const path = join(root, 'docs/runtimes.md')
process.exitCode = await (check ? checked() : written())

async function written(): Promise<number> {
  install(new Map())
  const seen = await rows()
  const versions = new Map(await Promise.all(runtimes.map(async ({ name, version }) => [name, await version()] as const)))
  const page = pageOf(seen, versions)
  writeFileSync(path, page)
  return page.includes(no) ? 1 : 0
}

async function checked(): Promise<number> {
  if (isLate()) {
    console.log('NOT RUN: the other runtimes, since all else has taken so long.')
    return notRun
  }
  const page = readFileSync(path, 'utf8')
  const versions = versionsIn(page)
  try {
    install(versions)
  } catch (error) {
    console.log(`NOT RUN: the other runtimes, which npm cannot fetch here: ${error instanceof Error ? error.message : error}`)
    return notRun
  }
  const seen = await rows()
  const failed: string[] = []
  for (const { name, suite } of runtimes) {
    if (!suite) continue
    if (isLate()) console.log(`NOT RUN: the tests on ${name}, since all else has taken so long.`)
    else if (!passes(name, suite)) failed.push(`the tests on ${name}`)
  }
  if (pageOf(seen, versions) !== page) failed.push('docs/runtimes.md, which tells something else than what was seen')
  if (page.includes(no)) failed.push(`docs/runtimes.md, which tells a ${no}`)
  for (const what of failed) console.log(`FAILED: ${what}`)
  return failed.length > 0 ? 1 : 0
}

async function rows(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'leashllm-packed-'))
  const { mock, env } = await startOffline()
  try {
    const { full: project } = pack(folder)
    cpSync(import.meta.dirname, project, { recursive: true })
    const rows: Row[] = []
    for (const { name, run } of runtimes) {
      const seen = await run(project, mock.url, { ...process.env, ...env }).catch(failure)
      rows.push({ name, seen })
      console.log(name, seen)
    }
    return rows
  } finally {
    await mock.close()
    rmSync(folder, { recursive: true })
  }
}

function failure(error: Error): Seen {
  return { failure: error.message.slice(0, 2000) }
}
