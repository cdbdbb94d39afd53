/** The three jobs that every contender does, and how they are measured. */
import type { Contender } from './contenders.ts'
import { cpuPerCall, inRounds, printRows } from './rounds.ts'

interface Job {
  readonly name: string
  /** In one round: enough for some hundredths of a second of CPU, and for garbage to be collected by who made it. */
  readonly calls: number
  run(contender: Contender): Promise<number>
}

const short = 'Say a hundred words.'
const long = 'All work and no play makes a dull prompt. '.repeat(2440)

const jobs: readonly Job[] = [
  { name: 'unary', calls: 800, run: (contender) => contender.unary(short) },
  { name: '100-chunk stream', calls: 80, run: (contender) => contender.stream(short) },
  { name: 'unary, 100 kB prompt', calls: 400, run: (contender) => contender.unary(long) },
]

/** V8 compiles for as many shares of a round as this, in threads whose CPU counts too. What is compared is what comes after. */
const warmUp = 20

/** @param share of the calls of a round, for an upstream that is slower */
export async function compare(contenders: readonly Contender[], rounds: number, share = 1): Promise<void> {
  for (const { name, calls, run } of jobs) {
    await agree(contenders, run)
    for (const contender of contenders) await cpuPerCall(warmUp * calls * share, () => run(contender))
    const rows = await inRounds(rounds, contenders, (contender) => cpuPerCall(calls * share, () => run(contender)))
    printRows(name, 'µs', rows)
  }
}

/** A contender that reads less than the others would look fast. */
async function agree(contenders: readonly Contender[], run: Job['run']): Promise<void> {
  const lengths = new Map<string, number>()
  for (const contender of contenders) lengths.set(contender.name, await run(contender))
  if (new Set(lengths.values()).size === 1 && !lengths.has('0')) return
  throw new Error(`The contenders read answers of different lengths: ${JSON.stringify([...lengths])}.`)
}
