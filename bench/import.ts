/**
 * How long `import` takes, in fresh processes, as a ratio to `openai`. The system has the files in its cache, and nothing
 * is kept compiled from one process to the next.
 *
 * node bench/import.ts [rounds]
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { inRounds, printRows } from './rounds.ts'

const rounds = Number(process.argv[2] ?? 21)
const cwd = fileURLToPath(new URL('..', import.meta.url))
const contenders = ['openai', 'leashllm', 'leashllm/leash'].map((name) => ({ name }))

/** Milliseconds, by the clock and of CPU. */
function load(name: string): { elapsed: number; cpu: number } {
  const code = `
    const cpu = process.cpuUsage(), started = performance.now()
    await import('${name}')
    const elapsed = performance.now() - started, { user, system } = process.cpuUsage(cpu)
    console.log(JSON.stringify({ elapsed, cpu: (user + system) / 1000 }))`
  const { NODE_COMPILE_CACHE: _, ...env } = process.env
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd, env, encoding: 'utf8' }))
}

console.log(`Import: node ${process.version}, ${rounds} interleaved rounds of fresh processes\n`)
const cpu = new Map(contenders.map(({ name }) => [name, [] as number[]]))
const elapsed = await inRounds(rounds, contenders, ({ name }) => {
  const loaded = load(name)
  cpu.get(name)?.push(loaded.cpu)
  return loaded.elapsed
})
printRows('import, by the clock', 'ms', elapsed)
printRows(
  'import, CPU',
  'ms',
  // The first of each was to warm the cache.
  [...cpu].map(([name, values]) => ({ name, values: values.slice(1) })),
)
