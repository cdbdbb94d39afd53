/**
 * Packages that are written for CommonJS ask for Node's modules by `require`, which an ES module has not. What is bundled of
 * them asks the process instead: https://nodejs.org/api/process.html#processgetbuiltinmoduleid
 */
import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

export const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup(build) {
    const names = builtinModules.map((name) => name.replace(/^node:/, ''))
    const filter = new RegExp(`^(?:node:.+|${names.join('|')})$`)
    build.onResolve({ filter }, ({ path, kind }) => {
      if (kind === 'require-call') return { path: path.replace(/^(?:node:)?/, 'node:'), namespace: 'builtin' }
      return path.startsWith('node:') ? { path, external: true } : undefined
    })
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}')`,
    }))
  },
}
