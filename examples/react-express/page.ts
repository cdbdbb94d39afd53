/** The page, bundled in memory. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

/** By their path. */
export type Files = ReadonlyMap<string, File>

interface File {
  readonly type: 'html' | 'js' | 'css'
  readonly text: string
}

const folder = join(import.meta.dirname, 'page')

export async function bundlePage(): Promise<Files> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: { main: 'main.tsx', style: '../../chat/page/style.css' },
    outdir: '/',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'react',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
  })
  const html = await readFile(join(folder, 'index.html'), 'utf8')
  const files = new Map<string, File>([['/', { type: 'html', text: html }]])
  for (const { path, text } of outputFiles) files.set(path, { type: path.endsWith('.css') ? 'css' : 'js', text })
  return files
}
