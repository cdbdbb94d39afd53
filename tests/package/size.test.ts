import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { parseSync } from 'oxc-parser'
import { expect, inject, test } from 'vitest'
import { root } from '../helpers/source.js'

const { full, files } = inject('packed')
const kB = 1000
const MB = 1000 * kB

/** Bytes over the wire before the first call: what a bundler makes of this, without the chunks that are loaded when a call needs them. */
async function gzipped(code: string, options: { external?: string[]; alias?: Record<string, string> } = {}): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: full },
    absWorkingDir: full,
    outdir: 'out',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    logLevel: 'silent',
    external: ['node:*', '@aws-sdk/*', '@smithy/*', 'google-auth-library', ...(options.external ?? [])],
    ...(options.alias && { alias: options.alias }),
  })
  const eager = new Set(['out/stdin.js'])
  for (const name of eager) {
    for (const { path, kind, external } of metafile.outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && !external) eager.add(path)
    }
  }
  return outputFiles
    .filter((file) => eager.has(relative(full, file.path)))
    .reduce((sum, file) => sum + gzipSync(file.contents, { level: 9 }).length, 0)
}

const client = `export { LeashLLM } from 'leashllm'`

test('the client is at most 40 kB beside openai', async () => {
  const size = await gzipped(client, { external: ['openai', 'openai/*'] })
  expect(size).toBeLessThanOrEqual(40 * kB)
})

test('createLeash is at most 40 kB, and nothing else is needed', async () => {
  const size = await gzipped(`export { createLeash } from 'leashllm/leash'`)
  expect(size).toBeLessThanOrEqual(40 * kB)
})

test('the client with openai 6 in the bundle is at most 76 kB', async () => {
  const size = await gzipped(client, { alias: { openai: 'openai-6' } })
  expect(size).toBeLessThanOrEqual(76 * kB)
})

test('with openai 7, which alone is more than that, the client adds at most 40 kB', async () => {
  const alone = await gzipped(`export { OpenAI } from 'openai'`)
  const size = await gzipped(client)
  expect(size - alone).toBeLessThanOrEqual(40 * kB)
})

test('importing the client opens at most ten files of the package', () => {
  const dist = join(full, 'node_modules/leashllm/dist')
  const opened = new Set([join(dist, 'index.js')])
  for (const file of opened) {
    const { staticImports } = parseSync(file, readFileSync(file, 'utf8')).module
    for (const { moduleRequest } of staticImports) {
      if (moduleRequest.value.startsWith('.')) opened.add(join(dirname(file), moduleRequest.value))
    }
  }
  expect(opened.size).toBeLessThanOrEqual(10)
})

test('npm i leashllm openai brings at most 10 packages and 8 MB beside openai', () => {
  const manifest = JSON.parse(readFileSync(join(full, 'node_modules/leashllm/package.json'), 'utf8'))
  const packages = closure(Object.keys(manifest.dependencies))
  const own = files.reduce((sum, file) => sum + file.size, 0)
  const size = own + packages.reduce((sum, name) => sum + sizeOf(join(root, 'node_modules', name)), 0)
  expect(packages.length + 1).toBeLessThanOrEqual(10)
  expect(size).toBeLessThanOrEqual(8 * MB)
})

/** The packages that these need, and those that they need, by the lockfile. */
function closure(names: readonly string[]): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const all = new Set(names)
  for (const name of all) for (const needed of Object.keys(packages[`node_modules/${name}`].dependencies ?? {})) all.add(needed)
  return [...all]
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
