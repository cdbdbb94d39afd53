/** Bundles the relay's dashboard: a page, a script and a style, which need nothing from elsewhere. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const source = 'src/relay/dashboard'

/**
 * Each file is put whole in the place of the one before: a relay may be reading it.
 *
 * @param root of the repository
 */
export async function buildDashboard(outdir: string, root = process.cwd()): Promise<void> {
  const out = resolve(root, outdir)
  mkdirSync(out, { recursive: true })
  // On the same disk, where renaming is one step.
  const made = mkdtempSync(`${out}.`)
  try {
    await bundle(made, root)
    for (const name of readdirSync(made)) renameSync(join(made, name), join(out, name))
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

async function bundle(out: string, root: string): Promise<void> {
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
