/** The command line as a process of its own, bundled from the source, with only the variables that a test gives it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, inject } from 'vitest'
import { offlineEnv } from '../../scripts/offline.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

export interface Command {
  (args: readonly string[], options?: Options): Promise<Ran>
  /** Starts it, and leaves it running. */
  start(args: readonly string[], env?: Options['env']): ChildProcess
}

/** Every vendor's variables, for the mock at this address. */
export const keys = offlineEnv

export function useCommand(): Command {
  let folder = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(inject('programs'), 'cli-'))
    copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
    await build({
      entryPoints: {
        'cli/index': join(root, 'src/cli/index.ts'),
        'relay/sqlite-worker': join(root, 'src/relay/store/sqlite-worker.ts'),
      },
      outdir: join(folder, 'dist'),
      bundle: true,
      splitting: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const start = (args: readonly string[], env: Options['env'] = {}) =>
    spawn(process.execPath, [join(folder, 'dist/cli/index.js'), ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', ...env },
    })

  async function run(args: readonly string[], { env, stdin }: Options = {}): Promise<Ran> {
    const child = start(args, env)
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (more) => (text[name] += more))
    child.stdin.end(stdin)
    const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
    return { code, ...text }
  }
  return Object.assign(run, { start: (args: readonly string[], env?: Options['env']) => start(args, env) })
}
