/** The code blocks of the documentation. */

export interface Block {
  /** `docs/streams.md:12`, the line of the fence. */
  readonly at: string
  readonly language: string
  readonly code: string
  /** Why it is not run, when a comment above it says so: `<!-- run: no, it needs two machines -->`. */
  readonly reason?: string
  /** A program that goes on until it is stopped: `<!-- run: until it is stopped -->`. */
  readonly lasts?: true
}

/** Languages that are run, SQL by the tests of the database that it is for, and those that are only to be read. */
export const languages = { run: ['ts', 'js', 'sh', 'sql'], read: ['json', 'yaml', 'text', 'http', 'mermaid', 'diff'] } as const

const fence = /^(?<indent> *)(?<ticks>`{3,})(?<language>[\w-]*)/
const comment = /^<!-- run: (?:no, (?<reason>.+)|(?<continued>continued)|(?<lasts>until it is stopped)) -->$/

export function blocksOf(file: string, markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const { indent = '', ticks, language = '' } = fence.exec(lines[at] ?? '')?.groups ?? {}
    if (ticks === undefined) continue
    const end = lines.findIndex((line, index) => index > at && line.trim() === ticks)
    if (end === -1) throw new Error(`${file}:${at + 1}: the code block never ends`)
    const code = lines.slice(at + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    const { reason, continued, lasts } =
      comment.exec(
        lines
          .slice(0, at)
          .findLast((line) => line.trim() !== '')
          ?.trim() ?? '',
      )?.groups ?? {}
    const before = continued === undefined ? '' : (blocks.findLast((block) => block.language === language)?.code ?? '')
    blocks.push({
      at: `${file}:${at + 1}`,
      language,
      code: `${before}${code.join('\n')}\n`,
      ...(reason && { reason }),
      ...(lasts && { lasts: true }),
    })
    at = end
  }
  return blocks
}
