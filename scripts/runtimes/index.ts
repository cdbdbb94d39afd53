/**
 * Runs one program on every runtime that is promised, from the packed tarball and over real sockets, and writes what was
 * seen to docs/runtimes.md. The runtimes come from npm into a folder of their own, some 800 MB, which is kept for the next run.
 */
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { root } from '../fresh-build.ts'
import { startOffline } from '../offline.ts'
import { pack } from '../pack.ts'

type Seen = Readonly<Record<string, string>>

interface Row {
  readonly name: string
  readonly version: string
  readonly seen: Seen
}

interface Runtime {
  readonly name: string
  /** As `npm install` takes it. */
  readonly from: string
  version(): Promise<string>
  run(mock: string): Promise<Seen>
}

/** The runtime of the tests, which say what is right. */
const reference = 'Node.js 24'
const exec = promisify(execFile)
const cache = join(tmpdir(), 'leashllm-runtimes')
const installed = join(cache, 'node_modules')

const runtimes: readonly Runtime[] = [
  // The oldest that `engines` admits.
  command('Node.js 22', 'node-22@npm:node@22.13.1', 'node-22/bin/node'),
  command(reference, 'node-24@npm:node@24', 'node-24/bin/node'),
  command('Node.js 26', 'node-26@npm:node@26', 'node-26/bin/node'),
  command('Bun', 'bun@1', '.bin/bun'),
  command('Deno', 'deno@2', '.bin/deno', [
    'run',
    '--allow-env',
    '--allow-net',
    '--allow-read',
    '--allow-sys',
    '--node-modules-dir=manual',
  ]),
  workerd(),
]

install()
const { full: project } = pack(join(cache, 'packed'))
cpSync(import.meta.dirname, project, { recursive: true })
const { mock, env } = await startOffline()
const rows: Row[] = []
for (const runtime of runtimes) {
  const seen = await runtime.run(mock.url).catch((error: Error) => ({ failure: error.message.slice(0, 2000) }))
  rows.push({ name: runtime.name, version: await runtime.version(), seen })
  console.log(runtime.name, seen)
}
await mock.close()
const text = page()
writeFileSync(join(root, 'docs/runtimes.md'), text)
if (text.includes('**no**')) process.exitCode = 1

/** A runtime that is a program to start. */
function command(name: string, from: string, path: string, flags: readonly string[] = []): Runtime {
  const bin = join(installed, path)
  return {
    name,
    from,
    version: async () => /\d+\.\d+\.\d+/.exec((await exec(bin, ['--version'])).stdout)?.[0] ?? '',
    run: async (mock) => {
      const main = join(project, 'main.js')
      const { stdout } = await exec(bin, [...flags, main, mock], { cwd: project, env: { ...process.env, ...env, NO_COLOR: '1' } })
      return JSON.parse(stdout)
    },
  }
}

/** Cloudflare's runtime, in which a bundle runs with neither Node's modules nor an environment. */
function workerd(): Runtime {
  const load = () => createRequire(join(cache, 'package.json'))
  return {
    name: 'workerd (Cloudflare Workers)',
    from: 'miniflare@4',
    version: async () => load()('workerd/package.json').version,
    run: async (mock) => {
      const { Miniflare } = load()('miniflare')
      const { outputFiles } = await build({
        entryPoints: [join(project, 'worker.js')],
        bundle: true,
        write: false,
        format: 'esm',
        target: 'es2023',
        conditions: ['workerd', 'worker', 'browser'],
        external: ['node:*', '@aws-sdk/*', 'google-auth-library'],
      })
      const modules = [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text }]
      const worker = new Miniflare({ modules, compatibilityDate: '2026-01-01' })
      try {
        const response = await worker.dispatchFetch(`http://worker/?mock=${encodeURIComponent(mock)}`)
        if (!response.ok) throw new Error(await response.text())
        return await response.json()
      } finally {
        await worker.dispose()
      }
    },
  }
}

function install(): void {
  mkdirSync(cache, { recursive: true })
  const manifest = join(cache, 'package.json')
  if (!existsSync(manifest)) writeFileSync(manifest, JSON.stringify({ private: true }))
  const packages = runtimes.map(({ from }) => from)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: cache, stdio: 'inherit' })
}

/** A runtime does it when it sees what this Node sees. */
function page(): string {
  const expected = rows.find(({ name }) => name === reference)?.seen
  if (!expected || 'failure' in expected) throw new Error(`${reference} failed, and so says nothing about the others.`)
  const questions = Object.keys(expected)
  const line = (words: readonly string[]) => `| ${words.join(' | ')} |`
  const row = ({ name, version, seen }: Row) =>
    line([
      name,
      version,
      ...questions.map((question) => (seen[question] && seen[question] === expected[question] ? 'yes' : '**no**')),
    ])
  return `# Runtimes

Where does it run? \`npm run runtimes\` runs one program from the packed tarball on each runtime, over real sockets, and writes this page.

- *chat* and *stream* stay in the caller's protocol; *translated*, they are answered by another vendor.
- *error* is a refusal and *abort* an aborted call: both must arrive as the SDK's own classes.
- *handler* is a streamed answer of \`leash.handle\`, as a stream of Node's where there are any.
- *layers* are redaction, the cache and a budget: two calls, only one of which is paid for.

The [relay](relay/index.md) runs on Node.

${line(['runtime', 'version', ...questions])}
${line(['---', '---', ...questions.map(() => '---')])}
${rows.map(row).join('\n')}

On Deno, \`fetch\` by itself repeats a request if a reused connection breaks before the answer begins. The vendor may then
bill the call twice, and the leash sees one attempt. To prevent it, do not reuse connections:
\`new LeashLLM({ fetch: (url, init) => fetch(url, { ...init, client }) })\`, where \`client\` is \`Deno.createHttpClient({ poolMaxIdlePerHost: 0 })\`.
`
}
