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

/** Who does them: here, or in a process of its own. */
export interface Doer {
  readonly name: string
  /** Microseconds of CPU for one call. */
  cpu(job: string, calls: number): Promise<number>
  /** Of the text that is read. */
  length(job: string): Promise<number>
}

export function here(contender: Contender): Doer {
  const named = (wanted: string) => {
    const job = jobs.find(({ name }) => name === wanted)
    if (!job) throw new Error(`There is no job ${wanted}.`)
    return job
  }
  return {
    name: contender.name,
    cpu(job, calls) {
      const { run } = named(job)
      return cpuPerCall(calls, () => run(contender))
    },
    length: (job) => named(job).run(contender),
  }
}

/** @param share of the calls of a round, for an upstream that is slower */
export async function compare(doers: readonly Doer[], rounds: number, share = 1): Promise<void> {
  for (const { name, calls } of jobs) {
    await agree(doers, name)
    for (const doer of doers) await doer.cpu(name, warmUp * calls * share)
    printRows(name, 'µs', await inRounds(rounds, doers, (doer) => doer.cpu(name, calls * share)))
  }
}

/** A contender that reads less than the others would look fast. */
async function agree(doers: readonly Doer[], job: string): Promise<void> {
  const lengths = new Map<string, number>()
  for (const doer of doers) lengths.set(doer.name, await doer.length(job))
  if (new Set(lengths.values()).size === 1 && !lengths.has('0')) return
  throw new Error(`The contenders read answers of different lengths: ${JSON.stringify([...lengths])}.`)
}
