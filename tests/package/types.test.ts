import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { parseSync } from 'oxc-parser'
import { publint } from 'publint'
import { expect, inject, test } from 'vitest'
import { root } from '../helpers/source.js'

const { bare, full, tarball } = inject('packed')
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const run = promisify(execFile)

test('publint finds nothing to say about the tarball', async () => {
  const bytes = readFileSync(tarball)
  const { messages } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true })
  expect(messages).toEqual([])
})

test('the types resolve for every entry under every module resolution that knows ES modules', async () => {
  const { stdout } = await run(bin('attw'), [tarball, '--profile', 'esm-only', '--format', 'json'], { maxBuffer: 2 ** 26 })
  const { analysis } = JSON.parse(stdout)
  const relevant = (Object.values(analysis.problems).flat() as { kind: string; resolutionKind?: string }[]).filter(
    ({ kind, resolutionKind }) => kind !== 'CJSResolvesToESM' && resolutionKind !== 'node10' && resolutionKind !== 'node16-cjs',
  )
  expect(relevant).toEqual([])
})

test.each([
  ['leashllm', full, ['openai']],
  ['leashllm/leash', bare, []],
  ['leashllm/ai-sdk', full, ['@ai-sdk/provider']],
  ['leashllm/modules', bare, []],
  ['leashllm/express', bare, []],
  ['leashllm/langchain', full, ['@langchain/core']],
  ['leashllm/stores', bare, []],
  ['leashllm/testing', bare, []],
])('the declarations of %s lean on no package that its users lack', (entry, folder, allowed) => {
  expect(packagesBehind(join(folder, 'node_modules/leashllm'), entry).filter((name) => !allowed.includes(name))).toEqual([])
})

test.each([
  [
    'with every peer',
    full,
    [
      'leashllm',
      'leashllm/ai-sdk',
      'leashllm/express',
      'leashllm/langchain',
      'leashllm/leash',
      'leashllm/modules',
      'leashllm/stores',
      'leashllm/testing',
    ],
  ],
  ['with no peer', bare, ['leashllm/express', 'leashllm/leash', 'leashllm/modules', 'leashllm/stores', 'leashllm/testing']],
])('a strict consumer %s type-checks, libraries included', async (name, folder, entries) => {
  const project = join(folder, `consumer-${name.replaceAll(' ', '-')}`)
  mkdirSync(project, { recursive: true })
  writeFileSync(join(project, 'index.ts'), entries.map((entry, at) => `export * as entry${at} from '${entry}'`).join('\n'))
  const options = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
    strict: true,
    noEmit: true,
  }
  const compilerOptions = { ...options, skipLibCheck: false, types: ['node'], typeRoots: [join(root, 'node_modules/@types')] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const { stdout } = await run(bin('tsc'), ['-p', project]).catch((error) => error as { stdout: string })
  // What a peer's own declarations suffer from is not ours to mend.
  const ours = stdout.split('\n').filter((line) => line.includes('leashllm/dist/') || line.includes('index.ts('))
  expect(ours).toEqual([])
})

test('a library writes declarations of what it makes of a client and of what that tells, with that one import', async () => {
  const project = join(full, 'library')
  mkdirSync(project, { recursive: true })
  const files = {
    'client.ts': `import { LeashLLM } from 'leashllm'
      export class Client extends LeashLLM {
        ask = (content: string) => this.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] })
        health = () => this.leash.health()
      }
      const client = new Client()
      export const cost = async () => (await client.ask('Hello')).leash?.cost
      export const { budgets, cache, estimate, experiments, modules, on, slos, usage } = client.leash`,
    'ai-sdk.ts': `import { fromAiSdk, reportIn } from 'leashllm/ai-sdk'
      export const report = reportIn({})
      export const provider = (model: Parameters<typeof fromAiSdk>[0]) => fromAiSdk(model)`,
    'langchain.ts': `import { reportIn } from 'leashllm/langchain'
      export const report = (message: Parameters<typeof reportIn>[0]) => reportIn(message)`,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text)
  const options = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
    strict: true,
  }
  const compilerOptions = {
    ...options,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: 'out',
    skipLibCheck: true,
    types: [],
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }))
  const { stdout } = await run(bin('tsc'), ['-p', project]).catch((error) => error as { stdout: string })
  expect(stdout).toBe('')
})

/** Packages imported by the declarations that an entry reaches. */
function packagesBehind(folder: string, entry: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const first = join(folder, manifest.exports[entry.replace('leashllm', '.')].types)
  const seen = new Set([first])
  const packages = new Set<string>()
  for (const file of seen) {
    for (const specifier of specifiersIn(file)) {
      if (!specifier.startsWith('.')) {
        packages.add(packageOf(specifier))
        continue
      }
      const target = join(dirname(file), specifier.replace(/\.js$/, '.d.ts'))
      expect(existsSync(target), `${file} imports ${specifier}`).toBe(true)
      seen.add(target)
    }
  }
  return [...packages].filter((name) => !name.startsWith('node:')).sort()
}

const packageOf = (specifier: string) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier

function specifiersIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const { module } = parseSync(file, text)
  const inline = [...text.matchAll(/\bimport\(["']([^"']+)["']\)/g)].map((match) => match[1] ?? '')
  const from = module.staticExports.flatMap(({ entries }) => entries.flatMap((entry) => entry.moduleRequest?.value ?? []))
  return [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...from, ...inline]
}
