/** docs/runtimes.md: what was seen, and what it tells of it. */
import { reference, type Seen } from './runtimes.ts'

export interface Row {
  readonly name: string
  readonly seen: Seen
}

/** What the page says of a runtime that does not do what is asked. */
export const no = '**no**'

/** The versions that a page tells, by the name of the runtime. */
export function versionsIn(page: string): Map<string, string> {
  return new Map(Array.from(page.matchAll(/^\| ([^|]+) \| (\d[\d.]+) \|/gm), ([, name = '', version = '']) => [name, version]))
}

/** A runtime does it when it sees what this Node sees. */
export function pageOf(rows: readonly Row[], versions: ReadonlyMap<string, string>): string {
  const expected = rows.find(({ name }) => name === reference)?.seen
  if (!expected || 'failure' in expected) throw new Error(`${reference} failed, and so says nothing about the others.`)
  const questions = Object.keys(expected)
  const line = (words: readonly string[]) => `| ${words.join(' | ')} |`
  const row = ({ name, seen }: Row) =>
    line([
      name,
      versions.get(name) ?? '',
      ...questions.map((question) => (seen[question] && seen[question] === expected[question] ? 'yes' : no)),
    ])
  return `# Runtimes

Where does it run? \`npm run runtimes\` runs one program from the packed tarball on each runtime, over real sockets, and writes this page.

- *chat* and *stream* stay in the caller's protocol; *translated*, they are answered by another vendor.
- *error* is a refusal and *abort* an aborted call: both must arrive as the SDK's own classes.
- *handler* is a streamed answer of \`leash.handle\`, as a stream of Node's where there are any.
- *layers* are redaction, the cache and a budget: two calls, only one of which is paid for.

The [relay](relay/index.md) runs on Node.

${line(['runtime', 'version', ...questions])}
${line(['---', '---', ...questions.map(() => '---')])}
${rows.map(row).join('\n')}

CI runs the program again on these versions, and compares. On all but workerd it also runs a part of the test suite: on Bun and Deno
that of the client and of what is between it and the vendors, on Node that of the relay too. All of the suite runs on Node 24.

On Deno, \`fetch\` by itself repeats a request if a reused connection breaks before the answer begins. The vendor may then
bill the call twice, and the leash sees one attempt. To prevent it, do not reuse connections:
\`new LeashLLM({ fetch: (url, init) => fetch(url, { ...init, client }) })\`, where \`client\` is \`Deno.createHttpClient({ poolMaxIdlePerHost: 0 })\`.
`
}
