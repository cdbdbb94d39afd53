/**
 * esbuild makes a file of what the same entries and lazy imports have in common, and so many lazy imports as these made thirty
 * pieces of the leash, each packed by itself: a sixth more over the wire, and as many files to open. Whatever is loaded when a call
 * needs it is loaded by the leash, so it may as well have all of it, which then is one file.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Plugin } from 'esbuild'

const leash = resolve('src/open-leash.ts')
/** Small, and exported beside it: no file of its own either. */
const prompt = resolve('src/prompt.ts')

export const wholeLeash: Plugin = {
  name: 'whole-leash',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, async ({ path, kind, importer, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined
      const found = await build.resolve(path, { kind: 'import-statement', importer, resolveDir })
      return found.path.includes('node_modules') ? found : { ...found, namespace: 'lazy' }
    })
    build.onResolve({ filter: /^leash$/, namespace: 'lazy' }, () => ({ path: leash, sideEffects: true }))
    build.onResolve({ filter: /^beside$/ }, ({ importer }) =>
      importer === leash ? { path: prompt, sideEffects: true } : undefined,
    )
    build.onLoad({ filter: /\/src\/open-leash\.ts$/ }, ({ path }) => ({
      contents: `${readFileSync(path, 'utf8')}\nimport 'beside'`,
      loader: 'ts',
    }))
    build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: `import 'leash'; export * from ${JSON.stringify(path)}`,
      resolveDir: dirname(path),
    }))
  },
}
