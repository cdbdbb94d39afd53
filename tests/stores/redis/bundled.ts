/** A program of a few lines over the source, for a process of its own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from '../../helpers/source.js'

/**
 * @param code imports from the root of the repository: `./src/stores/index.js`
 * @param parent where the program is put. @defaultValue inside the repository, where it finds the packages
 */
export async function bundled(
  code: string,
  parent = join(root, '.cache'),
): Promise<{ readonly file: string; remove(): Promise<void> }> {
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'program-'))
  const file = join(folder, 'program.mjs')
  await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  })
  return { file, remove: () => rm(folder, { recursive: true }) }
}
