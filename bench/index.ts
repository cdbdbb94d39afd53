/**
 * CPU per call, as a ratio to bare `openai` in the same run. Every round lets each contender do its share, in an order
 * that turns, so that what else the machine does falls on all of them; medians of the rounds are printed.
 *
 * node bench/index.ts [rounds]
 */
import { contenders, type Contender } from './contenders.ts'

const rounds = Number(process.argv[2] ?? 15)
const all = await contenders()
const short = 'Say a hundred words.'
const long = 'All work and no play makes a dull prompt. '.repeat(2440)

const jobs: readonly { name: string; calls: number; run: (contender: Contender) => Promise<number> }[] = [
  { name: 'unary', calls: 400, run: (contender) => contender.unary(short) },
  { name: '100-chunk stream', calls: 60, run: (contender) => contender.stream(short) },
  { name: 'unary, 100 kB prompt', calls: 150, run: (contender) => contender.unary(long) },
]

/** Microseconds of CPU, user and system, for one call. */
async function cpuOf(calls: number, run: () => Promise<number>): Promise<number> {
  const before = process.cpuUsage()
  for (let call = 0; call < calls; call++) if ((await run()) === 0) throw new Error('An answer was empty.')
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

console.log(`node ${process.version}, ${rounds} interleaved rounds, medians\n`)
for (const { name, calls, run } of jobs) {
  const spent = new Map(all.map((contender) => [contender, [] as number[]]))
  for (const contender of all) await cpuOf(calls, () => run(contender))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < all.length; turn++) {
      const contender = all[(turn + round) % all.length] as Contender
      spent.get(contender)?.push(await cpuOf(calls, () => run(contender)))
    }
  }
  const first = spent.get(all[0] as Contender) ?? []
  console.log(name)
  for (const [contender, values] of spent) {
    const ratio = median(values.map((value, round) => value / (first[round] ?? Number.NaN)))
    console.log(`  ${contender.name.padEnd(16)} ${median(values).toFixed(1).padStart(8)} µs  ${ratio.toFixed(2).padStart(6)} ×`)
  }
  console.log()
}
