/** Packs the package and installs the tarball, without a network, in two projects: one with every peer, one with none. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freshBuild, root } from './fresh-build.ts'

export interface Packed {
  readonly tarball: string
  /** Paths in the tarball, and their sizes in bytes. */
  readonly files: readonly { readonly path: string; readonly size: number }[]
  /** A project with `leashllm` and nothing but its dependencies. */
  readonly bare: string
  /** The same, with every optional peer beside it, and the oldest openai that is taken under the name of `openai-6`. */
  readonly full: string
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

export function pack(folder: string): Packed {
  freshBuild()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const out = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const [{ filename, files }] = JSON.parse(out) as [{ filename: string; files: Packed['files'] }]
  const tarball = join(folder, filename)
  const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const own = Object.keys(manifest.dependencies)
  const peers = Object.keys(manifest.peerDependencies)
  const bare = install(join(folder, 'bare'), tarball, own)
  const full = install(join(folder, 'full'), tarball, [...own, ...peers, 'openai-6'])
  return { tarball, files, bare, full }
}

/** What `npm install` would do: the tarball unpacked, everything else linked to what is here. */
function install(folder: string, tarball: string, packages: readonly string[]): string {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'leashllm'), { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', join(modules, 'leashllm'), '--strip-components=1'])
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  for (const name of packages) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  return folder
}
