import { setImmediate } from 'node:timers/promises'

/**
 * Fair turns on a machine that does other things too. In each round every contender does its share, the one that begins
 * is another each time, and what is printed is the median of the rounds: of the figures, and of each round's own ratio to
 * the first contender.
 */
export interface Row {
  readonly name: string
  /** Of every round, in whatever unit `measure` gave. */
  readonly values: readonly number[]
}

export async function inRounds<T extends { readonly name: string }>(
  rounds: number,
  contenders: readonly T[],
  measure: (contender: T) => number | Promise<number>,
): Promise<Row[]> {
  const rows = contenders.map((contender) => ({ name: contender.name, contender, values: [] as number[] }))
  for (const { contender } of rows) await measure(contender)
  for (let round = 0; round < rounds; round++) {
    const first = round % rows.length
    for (const row of [...rows.slice(first), ...rows.slice(0, first)]) row.values.push(await measure(row.contender))
  }
  return rows
}

/**
 * Microseconds of this process's CPU, user and system, for one call. The event loop turns now and then, which a transport
 * in memory does not make it do: each pays for its own finalisers.
 */
export async function cpuPerCall(calls: number, run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  for (let call = 1; call <= calls; call++) {
    await run()
    if (call % 20 === 0) await setImmediate()
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

/** A table in Markdown. The last column is where the middle half of the rounds' ratios lies. */
export function printRows(title: string, unit: string, rows: readonly Row[]): void {
  const first = rows[0]?.values ?? []
  const lines = rows.map(({ name, values }) => {
    const ratios = values.map((value, round) => value / (first[round] ?? Number.NaN))
    const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(ratios, part).toFixed(2))
    return [name, `${quantile(values, 0.5).toFixed(1)} ${unit}`, `${middle} ×`, `${low} to ${high}`]
  })
  printTable([title, 'median', 'ratio', 'half of the rounds'], lines)
}

export function printTable(head: readonly string[], lines: readonly (readonly string[])[]): void {
  const widths = head.map((cell, column) =>
    Math.max(...[cell, ...lines.map((line) => line[column] ?? '')].map((it) => it.length)),
  )
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`
  console.log([row(head), rule, ...lines.map(row), ''].join('\n'))
}

export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN
}
