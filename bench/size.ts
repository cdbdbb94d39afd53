/**
 * Bytes over the wire: minified by esbuild for a browser or an edge worker, then gzipped.
 *
 * node bench/size.ts
 */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'
import { printTable } from './rounds.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const openai = ['openai', 'openai/*']
/** They come from the runtime, or are optional peers that are loaded when a call needs them. */
const peers = [
  ...['node:*', '@aws-sdk/*', '@smithy/*', 'google-auth-library'],
  ...['gpt-tokenizer', '@opentelemetry/*', 'prom-client', 'ioredis', 're2js'],
]

const entries: readonly { name: string; code: string; external?: string[]; alias?: Record<string, string> }[] = [
  { name: 'LeashLLM beside openai', code: `export { LeashLLM } from 'leashllm'`, external: openai },
  { name: 'createLeash', code: `export { createLeash } from 'leashllm/leash'` },
  { name: 'openai 7', code: `export { OpenAI } from 'openai'` },
  { name: 'LeashLLM and openai 7', code: `export { LeashLLM } from 'leashllm'` },
  { name: 'openai 6', code: `export { OpenAI } from 'openai-6'` },
  { name: 'LeashLLM and openai 6', code: `export { LeashLLM } from 'leashllm'`, alias: { openai: 'openai-6' } },
]

async function bundle({ code, external = [], alias = {} }: (typeof entries)[number], options: BuildOptions) {
  return build({
    stdin: { contents: code, resolveDir: root },
    absWorkingDir: root,
    outdir: 'out',
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    logLevel: 'silent',
    // Without the paths in ours, which lead to the sources: what is shipped is to be measured.
    tsconfigRaw: {},
    external: [...peers, ...external],
    alias,
    ...options,
  })
}

/** What must be there before the first call: the entry and the chunks that it imports statically. */
async function atImport(entry: (typeof entries)[number]): Promise<number> {
  const { outputFiles = [], metafile } = await bundle(entry, { splitting: true })
  const eager = new Set(['out/stdin.js'])
  for (const name of eager) {
    for (const { path, kind, external } of metafile?.outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && !external) eager.add(path)
    }
  }
  return gzipped(outputFiles.filter(({ path }) => eager.has(path.slice(root.length))))
}

async function inOneFile(entry: (typeof entries)[number]): Promise<number> {
  const { outputFiles = [] } = await bundle(entry, { splitting: false })
  return gzipped(outputFiles)
}

function gzipped(files: readonly { readonly contents: Uint8Array }[]): number {
  return files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
}

const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`

console.log('Size, minified and gzipped (1 kB = 1000 bytes)\n')
const lines: string[][] = []
for (const entry of entries) lines.push([entry.name, kB(await atImport(entry)), kB(await inOneFile(entry))])
printTable(['', 'loaded at import', 'all in one file'], lines)
