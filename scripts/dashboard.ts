/** Bundles the relay's dashboard: a page, a script and a style, which need nothing from elsewhere. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const source = 'src/relay/dashboard'

/** @param root of the repository */
export async function buildDashboard(outdir: string, root = process.cwd()): Promise<void> {
  const out = resolve(root, outdir)
  mkdirSync(out, { recursive: true })
  await build({
    absWorkingDir: root,
    entryPoints: [
      { in: `${source}/main.tsx`, out: 'dashboard' },
      { in: `${source}/style/index.css`, out: 'dashboard' },
    ],
    outdir: out,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2023', 'chrome111', 'firefox114', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
  })
  copyFileSync(join(root, source, 'index.html'), join(out, 'index.html'))
}

/** Where the relay looks when it runs from its source. */
if (import.meta.main) await buildDashboard(process.argv[2] ?? '.cache/dashboard')
