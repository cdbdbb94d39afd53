/**
 * How often the heuristic for prompt injections is right: precision and recall on labelled prompts of others, which do not come with the sources.
 *
 * node bench/injection.ts folder
 *
 * The folder holds any of: `.csv` with a header, `.json` (a list) and `.jsonl`, each with a member `text` or `prompt` and, where both kinds are in
 * one file, `label` (1, true, "injection" or "jailbreak", and anything else); `.txt`, a prompt on each line. Where no label is, the name of the file tells: `benign`,
 * `safe`, `regular` or `not` in it means that nothing in it is an injection.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { printTable } from './rounds.ts'

interface Prompt {
  readonly text: string
  readonly isInjection: boolean
}

type Row = Readonly<Record<string, unknown>>

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Name a folder: node bench/injection.ts path/to/folder')

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../src/modules/prompt-injection.ts', import.meta.url))],
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2023',
  external: ['re2js', 'zod', 'node:*'],
})
const { promptInjection }: typeof import('../src/modules/prompt-injection.js') = await import(
  `data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`
)
const guard = promptInjection({ action: 'annotate' })

/** By the module's own function, as a leash asks it. */
async function isFound(text: string): Promise<boolean> {
  const call = { texts: [{ text, kind: 'text' }] } as unknown as Parameters<NonNullable<typeof guard.request>>[0]
  const context = { call: { instructions: new Set<string>() } } as unknown as Parameters<NonNullable<typeof guard.request>>[1]
  const actions = await guard.request?.(call, context)
  return Array.isArray(actions) && actions.length > 0
}

function read(path: string): Prompt[] {
  const source = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  const told = /benign|safe|regular|not/i.test(path.slice(path.lastIndexOf('/')))
  const rows = rowsOf(source, extname(path))
  return rows.flatMap((row) => {
    const text = row.text ?? row.prompt
    if (typeof text !== 'string' || text.trim() === '') return []
    const isInjection =
      row.label === undefined ? !told : /^(?:1|1\.0|true|injection|jailbreak|malicious)$/i.test(String(row.label))
    return [{ text, isInjection }]
  })
}

function rowsOf(source: string, extension: string): Row[] {
  const lines = () => source.split('\n').filter((line) => line.trim() !== '')
  if (extension === '.json') return JSON.parse(source)
  if (extension === '.jsonl') return lines().map((line) => JSON.parse(line))
  if (extension === '.txt') return lines().map((text) => ({ text }))
  if (extension !== '.csv') return []
  const [header = [], ...rows] = cellsOf(source)
  return rows.map((cells) => Object.fromEntries(header.map((name, at) => [name, cells[at]])))
}

/** RFC 4180. */
function cellsOf(source: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, mark] of source.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (mark === '') break
    if (mark !== ',') rows.push([])
  }
  return rows.filter((row) => row.length > 1)
}

interface Count {
  injections: number
  found: number
  others: number
  wrong: number
}

async function count(prompts: readonly Prompt[]): Promise<Count> {
  const counted: Count = { injections: 0, found: 0, others: 0, wrong: 0 }
  for (const { text, isInjection } of prompts) {
    const found = Number(await isFound(text))
    if (isInjection) {
      counted.injections++
      counted.found += found
    } else {
      counted.others++
      counted.wrong += found
    }
  }
  return counted
}

const files = readdirSync(folder)
  .toSorted()
  .map((name) => ({ name, prompts: read(join(folder, name)) }))
  .filter(({ prompts }) => prompts.length > 0)
const all = files.flatMap(({ prompts }) => prompts)
const part = (of: number, all: number) => (all === 0 ? '-' : (of / all).toFixed(3))
const rows = [
  ...files,
  { name: 'all: every other prompt, from the first on', prompts: all.filter((_, at) => at % 2 === 0) },
  { name: 'all: the others, held out', prompts: all.filter((_, at) => at % 2 === 1) },
]
console.log(`Prompts in ${folder}, node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`)
printTable(
  ['of', 'injections', 'found', 'others', 'taken for one', 'precision', 'recall', 'false alarms'],
  await Promise.all(
    rows.map(async ({ name, prompts }) => {
      const { injections, found, others, wrong } = await count(prompts)
      const numbers = [injections, found, others, wrong].map(String)
      return [name, ...numbers, part(found, found + wrong), part(found, injections), part(wrong, others)]
    }),
  ),
)
