/** Texts in which nobody's data is: whatever is found there is a false alarm. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generator } from './adversarial.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Negative {
  readonly name: string
  readonly texts: readonly string[]
}

/**
 * Source, manuals and manifests of packages that are here anyway, and lines of logs and JSON made up here, so that no address of a real person or host is among them. Addresses that
 * source and prose do hold (`https://…`, `127.0.0.1`) are none of these types' false alarms: see `innocent`.
 */
export function negatives(): Negative[] {
  return [
    {
      name: 'source code',
      texts: [...files('src/!(detect)/**/*.ts'), ...files('node_modules/{vitest,undici,openai,fast-check}/**/*.{js,mjs,d.ts}')],
    },
    {
      name: 'prose',
      texts: files('node_modules/{undici,vitest,fast-check,re2js,openai,express,hono,typescript,zod,msw}/**/*.md'),
    },
    {
      name: 'JSON',
      texts: [
        ...files('node_modules/*/package.json'),
        ...files('node_modules/{mime-db,caniuse-lite}/**/*.json'),
        ...records(3000),
      ],
    },
    { name: 'logs', texts: logs(20_000) },
  ]
}

/** Types that a manual or a manifest truly holds: links, and the addresses of those who maintain what it is of. */
export const innocent: ReadonlySet<string> = new Set(['URL', 'EMAIL_ADDRESS'])

/** At most a megabyte of each file, eight megabytes in all. */
function files(pattern: string): string[] {
  const found: string[] = []
  let size = 0
  for (const name of globSync(pattern, { cwd: root }).toSorted()) {
    const text = readFileSync(`${root}/${name}`, 'utf8').slice(0, 2 ** 20)
    size += text.length
    if (size > 2 ** 23) break
    found.push(text)
  }
  return found
}

function logs(lines: number): string[] {
  const random = generator(1)
  const below = (limit: number) => Math.floor(random() * limit)
  const hex = (length: number) => Array.from({ length }, () => below(16).toString(16)).join('')
  const of = <T>(choices: readonly T[]) => choices[below(choices.length)] as T
  const forms = [
    (time: Date) =>
      `${time.toISOString()} INFO  [worker-${below(64)}] job ${below(1e9)} done in ${below(90_000)} ms (attempt ${below(5)})`,
    (time: Date) =>
      `${time.getTime()} DEBUG request_id=${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)} status=${of([200, 404, 502])} bytes=${below(1e7)}`,
    (time: Date) =>
      `[${time.toUTCString()}] kernel: [${below(1e6)}.${below(1e6)}] pci 0000:${hex(2)}:1f.${below(8)}: BAR ${below(6)}: assigned [mem 0x${hex(8)}-0x${hex(8)}]`,
    () => `    at Object.run (/srv/app/dist/${of(['index', 'server', 'queue'])}.js:${below(9000)}:${below(200)})`,
    () =>
      `GC ${below(1e6)}: ${below(4096)}.${below(10)} (${below(4096)}.${below(10)}) -> ${below(4096)}.${below(10)} MB, ${random().toFixed(4)} / 0.0 ms`,
    () => `commit ${hex(40)} by builder-${below(99)}, ${below(300)} files, ${below(9000)}(+), ${below(9000)}(-)`,
    () => `block blk_${below(2 ** 31)}${below(2 ** 31)} offset=${below(1e9)} size ${of([67108864, 134217728])} crc32c ${hex(8)}`,
    (time: Date) =>
      `${time.toISOString().slice(0, 10)} order ${10_000_000 + below(9e7)} item ${below(1e6)}-${below(1e4)}-${below(1e4)} qty ${below(40)} total ${below(1e5)}.${10 + below(90)} EUR`,
    () => `goroutine ${below(9000)} [select, ${below(90)} minutes]: main.(*T).loop(0xc000${hex(6)}, 0x${hex(2)})`,
    () =>
      `ts=17${10_000_000 + below(9e7)}${below(10)}${below(10)}.${below(1000)} level=warn msg="slow query" rows=${below(1e6)} took=${below(1e4)}.${below(1000)}ms shard=${below(64)}/${below(64)}`,
  ]
  const start = Date.UTC(2026, 0, 1)
  const all = Array.from({ length: lines }, (_, line) => of(forms)(new Date(start + line * 1237)))
  return Array.from({ length: Math.ceil(lines / 200) }, (_, part) => all.slice(part * 200, part * 200 + 200).join('\n'))
}

/** What an API answers about things: ids, counts, times, coordinates, hashes, amounts. */
function records(many: number): string[] {
  const random = generator(2)
  const below = (limit: number) => Math.floor(random() * limit)
  return Array.from({ length: many }, () =>
    JSON.stringify({
      id: below(2 ** 31) * 1000 + below(1000),
      sku: `${below(1000)}-${below(10_000)}-${String.fromCharCode(65 + below(26))}`,
      etag: `W/"${below(2 ** 31).toString(16)}-${below(2 ** 31).toString(36)}"`,
      created: new Date(17e11 + below(1e10)).toISOString(),
      updated: 17e8 + below(1e8),
      ean: `${400 + below(40)}${1e9 + below(9e9)}`,
      box: [random() * 180 - 90, random() * 360 - 180].map((degrees) => Number(degrees.toFixed(6))),
      matrix: Array.from({ length: 6 }, () => below(100_000)),
      digest: Array.from({ length: 8 }, () =>
        below(2 ** 31)
          .toString(16)
          .padStart(8, '0'),
      ).join(''),
      version: `${below(20)}.${below(20)}.${below(20)}.${below(20)}`,
      price: { amount: below(1e6) / 100, currency: 'EUR' },
      dimensions: `${below(900)} x ${below(900)} x ${below(900)} mm`,
    }),
  )
}
