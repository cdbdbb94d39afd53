/**
 * Every bench in a process of its own, one after the other.
 *
 * npm run bench [-- calls layers cache redact loopback hedge import size soak]
 */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

const all = ['calls', 'layers', 'cache', 'redact', 'loopback', 'hedge', 'import', 'size', 'soak']
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !all.includes(name))
if (unknown.length > 0) throw new Error(`No such bench: ${unknown.join(', ')}. There are ${all.join(', ')}.`)

console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${new Date().toISOString()}\n`)
// The soak takes longer than the others together.
for (const name of asked.length > 0 ? asked : all.slice(0, -1)) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(`${name}.ts`, import.meta.url))], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
