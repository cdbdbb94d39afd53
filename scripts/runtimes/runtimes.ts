/** The runtimes that are promised: where each comes from, and how it runs a program. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { parts, type Suite } from './suite.ts'

/** What the program has seen, by what was asked. */
export type Seen = Readonly<Record<string, string>>

/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>

export interface Runtime {
  readonly name: string
  /** As `npm install` takes it. @param version absent: the newest */
  from(version?: string): string
  version(): Promise<string>
  /** Runs the program that lies in this folder, with the mocks at this address. */
  run(project: string, mock: string, env: Env): Promise<Seen>
  /** Of the tests; absent where they cannot run. */
  readonly suite?: Suite
}

/** The runtime of the tests, which say what is right. */
export const reference = 'Node.js 24'

const exec = promisify(execFile)
const cache = join(tmpdir(), 'leashllm-runtimes')
const installed = join(cache, 'node_modules')
const patienceMs = 60_000

const node = (major: string) => join(installed, `node-${major}/bin`)
const deno = ['run', '--node-modules-dir=manual']

export const runtimes: readonly Runtime[] = [
  // The oldest that `engines` admits. It reads TypeScript only when it is told to, as some tests' programs are.
  command('Node.js 22', () => 'node-22@npm:node@22.13.1', join(node('22'), 'node'), [], {
    env: { PATH: `${node('22')}:${process.env.PATH}`, NODE_OPTIONS: '--experimental-strip-types' },
    ...parts.oldestNode,
  }),
  command(reference, (version = '24') => `node-24@npm:node@${version}`, join(node('24'), 'node')),
  command('Node.js 26', (version = '26') => `node-26@npm:node@${version}`, join(node('26'), 'node'), [], {
    env: { PATH: `${node('26')}:${process.env.PATH}` },
    ...parts.newestNode,
  }),
  command('Bun', (version = '1') => `bun@${version}`, join(installed, '.bin/bun'), [], { flags: ['--bun'], ...parts.bun }),
  command(
    'Deno',
    (version = '2') => `deno@${version}`,
    join(installed, '.bin/deno'),
    [...deno, '--allow-env', '--allow-net', '--allow-read', '--allow-sys'],
    // Its threads cannot be ended in the way in which vitest ends them.
    { flags: [...deno, '--allow-all'], options: ['--pool=forks'], ...parts.deno },
  ),
  workerd(),
]

/** @param versions by the name of the runtime; the newest of what is not in it */
export function install(versions: ReadonlyMap<string, string>): void {
  mkdirSync(cache, { recursive: true })
  const allowScripts = { bun: true, deno: true, node: true, sharp: false, workerd: true }
  writeFileSync(join(cache, 'package.json'), JSON.stringify({ private: true, allowScripts }))
  const packages = runtimes.map(({ name, from }) => from(versions.get(name)))
  const soon = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...soon, ...packages]
  execFileSync('npm', args, { cwd: cache, stdio: 'inherit', timeout: 3 * patienceMs })
}

/** A runtime that is a program to start. */
function command(
  name: string,
  from: Runtime['from'],
  bin: string,
  flags: readonly string[] = [],
  suite?: Omit<Suite, 'bin'>,
): Runtime {
  return {
    name,
    from,
    version: async () => /\d+\.\d+\.\d+/.exec((await exec(bin, ['--version'])).stdout)?.[0] ?? '',
    run: async (project, mock, env) => {
      const args = [...flags, join(project, 'main.js'), mock]
      const { stdout } = await exec(bin, args, { cwd: project, env: { ...env, NO_COLOR: '1' }, timeout: patienceMs })
      return JSON.parse(stdout)
    },
    ...(suite && { suite: { bin, ...suite } }),
  }
}

/** Cloudflare's runtime, in which a bundle runs with neither Node's modules nor an environment. */
function workerd(): Runtime {
  const load = () => createRequire(join(cache, 'package.json'))
  return {
    name: 'workerd (Cloudflare Workers)',
    // The day of a release is the same number in both.
    from: (version) => `miniflare@${version ? `~4.${version.split('.')[1]}.0` : '4'}`,
    version: async () => load()('workerd/package.json').version,
    run: async (project, mock) => {
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
