import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leash-ledger-file-'))
  const from = (name: string) => fileURLToPath(new URL(`../../src/ledger/${name}.ts`, import.meta.url))
  await build({
    entryPoints: [from('ledger'), from('file')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
  })
})
afterAll(() => rm(folder, { recursive: true }))

const ends = [
  ['by process.exit()', 'process.exit()'],
  ['by an error that nobody catches', `throw new Error('lost')`],
  ['by itself', ''],
] as const

test.each([
  ...ends.map(([name, end]) => [`program that ends ${name}`, end, ''] as const),
  ...ends.map(([name, end]) => [`worker that ends ${name}`, end, 'worker'] as const),
])('a %s has all lines in its file, whole and once', async (_, end, worker) => {
  const [program, file] = [join(folder, 'program.mjs'), join(folder, 'lines.jsonl')]
  await rm(file, { force: true })
  await writeFile(
    program,
    `import { Ledger } from './ledger.mjs'
    import { fileSink } from './file.mjs'
    import { pbkdf2 } from 'node:crypto'
    const ledger = new Ledger([fileSink(${JSON.stringify(file)})], {}, console.log)
    ledger.add({ id: '0' })
    await ledger.flush()
    // Whatever is done beside the program waits for these.
    for (let at = 0; at < 8; at++) pbkdf2('a', 'b', 100_000, 64, 'sha512', () => {})
    for (let at = 1; at < 50; at++) {
      ledger.add({ id: String(at) })
      await undefined
    }
    ${end}`,
  )
  const maker = join(folder, 'maker.mjs')
  await writeFile(
    maker,
    `import { Worker } from 'node:worker_threads'
    new Worker(${JSON.stringify(program)}).on('error', () => {})`,
  )
  expect(spawnSync(process.execPath, [worker ? maker : program], { encoding: 'utf8' }).stdout).toBe('')
  const ids = (await readFile(file, 'utf8')).trimEnd().split('\n')
  expect(ids.map((line) => Number(JSON.parse(line).id)).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at))
})
