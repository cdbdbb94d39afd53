import { existsSync } from 'node:fs'
import { defineConfig } from 'tsup'
import { buildDashboard } from './scripts/dashboard.js'
import { keepConstPlugin } from './scripts/keep-const.js'
import { requiredBuiltins } from './scripts/required-builtins.js'
import { wholeLeash } from './scripts/whole-leash.js'

/** A sub-path of the package for each: the names are those of the export map in package.json. */
const entry = {
  index: 'src/index.ts',
  leash: 'src/leash.ts',
  'integrations/ai-sdk': 'src/integrations/ai-sdk.ts',
  'modules/index': 'src/modules/index.ts',
  'integrations/express': 'src/integrations/express.ts',
  'integrations/langchain': 'src/integrations/langchain.ts',
  'relay/index': 'src/relay/relay.ts',
  'relay/sqlite-worker': 'src/relay/store/sqlite-worker.ts',
  'stores/index': 'src/stores/index.ts',
  'testing/index': 'src/testing/index.ts',
  'cli/index': 'src/cli/index.ts',
}

/** JavaScript only. Declarations come from `tsc -p tsconfig.build.json`: tsup makes them with an interface that TypeScript 7 has not. */
export default defineConfig({
  entry: Object.fromEntries(Object.entries(entry).filter(([, file]) => existsSync(file))),
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  // Dependencies and peers stay outside by themselves; zod/mini, a devDependency, comes inside. Node's own modules are not named
  // as `external`: that would come first, and leave a `require` of them in what is bundled.
  esbuildPlugins: [requiredBuiltins, wholeLeash],
  plugins: [keepConstPlugin],
  // A bundler for the edge knows by it which modules its host may lack.
  removeNodeProtocol: false,
  splitting: true,
  treeshake: false,
  // Names stay, for whoever reads a stack trace. Without its white space the package and what it needs stay below 8 MB.
  minifyWhitespace: true,
  esbuildOptions(options) {
    // Node shows the line that an error comes from, and that is to be no screen full of code.
    options.lineLimit = 120
  },
  clean: true,
  silent: true,
  onSuccess: () => buildDashboard('dist/relay/dashboard'),
})
