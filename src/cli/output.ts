/** What every command prints with: results to stdout, everything else to stderr; colours only for eyes. */
import { stripVTControlCharacters, styleText } from 'node:util'
import { isLeashError, messageOf } from '../core/errors.js'

type Style = Parameters<typeof styleText>[0]

/** Colours when the stream is a terminal and NO_COLOR (https://no-color.org) is not set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true })
}

/** What somebody else has painted. */
export function unpainted(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return paint('bold', ' ', stream) === ' ' ? stripVTControlCharacters(text) : text
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Columns as wide as their widest cell. Colours do not count, and rows may end early. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}

/** Exit codes: 1 the call failed, 2 the command, its options or its configuration are wrong. */
export function fail(error: unknown, json: boolean): void {
  const known = isLeashError(error)
  process.exitCode = known && error.status >= 400 && error.status < 500 && error.status !== 429 ? 2 : 1
  const message = messageOf(error)
  if (json) printJson({ error: { code: known ? error.code : 'unknown', message } })
  else process.stderr.write(`${paint('red', message, process.stderr)}\n`)
}

/** Does the work of a command. A failure is one line, or JSON, and sets the exit code. */
export async function telling(json: boolean | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    fail(error, json === true)
  }
}
