import { writeFileSync } from 'node:fs'

/** The table of what each pair of caller and upstream can do, as the suite saw it. */
export function compatibilityPage(upstreams: readonly string[]) {
  const seen = new Map<string, Map<string, Map<string, boolean>>>()
  return {
    note(caller: string, upstream: string, feature: string, works: boolean): void {
      const features = seen.get(caller) ?? new Map<string, Map<string, boolean>>()
      seen.set(caller, features)
      const pairs = features.get(feature) ?? new Map<string, boolean>()
      features.set(feature, pairs)
      pairs.set(upstream, works)
    },
    /** Only when every scenario has run: a filtered run knows too little. */
    write(): void {
      const complete = [...seen.values()].every((features) =>
        [...features.values()].every((pairs) => pairs.size === upstreams.length),
      )
      if (seen.size < 4 || !complete) return
      const tables = [...seen].map(([caller, features]) => {
        const rows = [...features].map(
          ([feature, pairs]) =>
            `| ${feature} | ${upstreams.map((upstream) => (pairs.get(upstream) ? 'yes' : '**no**')).join(' | ')} |`,
        )
        return [
          `## A caller who speaks ${caller}`,
          '',
          `| | ${upstreams.join(' | ')} |`,
          `|---|${upstreams.map(() => '---').join('|')}|`,
          ...rows,
        ].join('\n')
      })
      const head =
        '# Compatibility\n\nCan a program that speaks one protocol call a model that speaks another? Each cell is a test that ran: the caller’s own SDK plays the\nscenario over real sockets against a mock of the upstream, which checks what it is sent as the vendor would.\n`tests/conformance/matrix.test.ts` writes this page. What exactly is translated to what stands in [translation](translation.md).\n\n"errors" stands for 400, 401, 403, 404, 413, 429 with Retry-After, 500, 529, a reset connection, a timeout, malformed JSON, a stream cut in\nthe middle and one without its terminal event.\n'
      writeFileSync(new URL('../../docs/compatibility.md', import.meta.url), `${head}\n${tables.join('\n\n')}\n`)
    },
  }
}
