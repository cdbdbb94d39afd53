/** Takes out the declarations that no entry of the package leads to: nobody can import them, and everybody would install them. */
import { globSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { root } from './fresh-build.ts'

const manifest: { readonly exports: Readonly<Record<string, string | { readonly types: string }>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)
const entries = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : join(root, entry.types)))
const reached = new Set(entries)
for (const file of reached)
  for (const specifier of specifiersIn(file)) reached.add(join(dirname(file), specifier.replace(/\.js$/, '.d.ts')))
for (const file of globSync('dist/**/*.d.ts', { cwd: root })) if (!reached.has(join(root, file))) rmSync(join(root, file))

function specifiersIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const { module } = parseSync(file, text)
  const inline = [...text.matchAll(/\bimport\(["']([^"']+)["']\)/g)].map(([, specifier = '']) => specifier)
  const from = module.staticExports.flatMap(({ entries }) => entries.flatMap((entry) => entry.moduleRequest?.value ?? []))
  const all = [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...from, ...inline]
  return all.filter((specifier) => specifier.startsWith('.'))
}
