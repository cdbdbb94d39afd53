/** Measured in a process of its own, where nothing else is allocated. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'leash-cache-'))
const program = join(folder, 'fill.mjs')
buildSync({
  entryPoints: [fileURLToPath(new URL('fill.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: program,
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  ['whole answers', 'text', 64, 25_000],
  ['whole answers', 'text', 16, undefined],
  ['streams', 'bytes', 64, 25_000],
  ['streams', 'bytes', 16, undefined],
])(
  'of 25,000 %s (%s) no more are kept than %i MiB hold',
  (_, kind, mib, all) => {
    const said = execFileSync(process.execPath, ['--expose-gc', program, kind, String(mib)], { encoding: 'utf8' })
    const { entries, bytes, measured, limit, peak } = JSON.parse(said)
    if (all === undefined) expect(entries).toBeGreaterThan(5000)
    else expect(entries).toBe(all)
    expect(bytes).toBeLessThanOrEqual(limit)
    expect(measured).toBeLessThanOrEqual(limit)
    // When twice as many have come, the oldest have made room.
    expect(peak).toBeLessThanOrEqual(limit)
  },
  60_000,
)
