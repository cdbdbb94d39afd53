/** What every command prints with: results to stdout, everything else to stderr; colours only for eyes. */
import { stripVTControlCharacters, styleText } from 'node:util'
import { isLeashError } from '../core/errors.js'

type Style = Parameters<typeof styleText>[0]

/** Colours when the stream is a terminal and NO_COLOR (https://no-color.org) is not set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true })
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Columns as wide as their widest cell. Colours do not count. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widths, row) => row.map((cell, i) => Math.max(widths[i] ?? 0, stripVTControlCharacters(cell).length)),
    [],
  )
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - stripVTControlCharacters(cell).length))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Exit codes: 1 the call failed, 2 the command or its configuration is wrong. */
export function fail(error: unknown, json: boolean): void {
  const known = isLeashError(error)
  process.exitCode = known && error.status >= 400 && error.status < 500 && error.status !== 429 ? 2 : 1
  const message = error instanceof Error ? error.message : String(error)
  if (json) printJson({ error: { code: known ? error.code : 'unknown', message } })
  else process.stderr.write(`${paint('red', message, process.stderr)}\n`)
}
