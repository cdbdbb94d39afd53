/** Every program that a reader may copy is run, as it stands, against mock vendors. */
import { execFile } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Offline, startOffline } from '../../scripts/offline.ts'
import { root } from '../helpers/source.js'
import { type Block, blocksOf, languages } from './blocks.js'

/** Inside the package, so that `leashllm` means the built package itself. */
const folder = join(root, '.cache/docs')
const run = promisify(execFile)

const pages = [...globSync(['README.md', 'docs/**/*.md'], { cwd: root })].sort()
const blocks = pages.flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')))
/** Those in other folders are whole applications, which tests/examples talks to. */
const examples = [...globSync(['examples/*.{ts,js}', 'examples/{ai-sdk,express,langchain}/*.ts'], { cwd: root })].sort()
const programs = blocks.filter(({ language }) => language === 'ts' || language === 'js')

let offline: Offline

beforeAll(async () => {
  offline = await startOffline()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const block of programs) writeFileSync(fileOf(block), block.code)
  writeFileSync(join(folder, 'prices.json'), '{}')
})
afterAll(() => offline.mock.close())

describe('the documentation', () => {
  test('every code block says its language', () => {
    const known: readonly string[] = [...languages.run, ...languages.read]
    expect(blocks.filter(({ language }) => !known.includes(language)).map(({ at, language }) => `${at} ${language}`)).toEqual([])
  })

  test('every JSON block parses', () => {
    for (const { language, code, at } of blocks) if (language === 'json') expect(() => JSON.parse(code), at).not.toThrow()
  })

  test.skipIf(programs.length === 0)('every program type-checks against the built package', async () => {
    const compilerOptions = { paths: {}, noUnusedLocals: false, noUnusedParameters: false, moduleDetection: 'force' }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }),
    )
    const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder]).catch(
      (error) => error as { stdout: string },
    )
    expect(stdout).toBe('')
  })
})

describe('a program in the documentation runs', () => {
  for (const block of programs) runs(block.at, fileOf(block), block.reason)
})

describe('an example runs', () => {
  for (const example of examples) {
    const [, reason] = /^\/\/ run: no, (.+)/.exec(readFileSync(join(root, example), 'utf8')) ?? []
    runs(example, join(root, example), reason)
  }
})

function runs(title: string, file: string, reason: string | undefined): void {
  if (reason !== undefined) skip(title, reason)
  else test(title, () => node(file))
}

function skip(title: string, reason: string): void {
  console.warn(`NOT RUN: ${title}: ${reason}`)
  test.skip(`${title} (${reason})`, () => {})
}

async function node(...args: string[]): Promise<void> {
  const env = { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1', ...offline.env }
  await run(process.execPath, args, { cwd: folder, env, timeout: 30_000 })
}

function fileOf(block: Block): string {
  return join(folder, `${block.at.replace(/\.md:/, '-').replaceAll('/', '-')}.${block.language}`)
}
