/** The part of the tests that runs on a runtime other than their own. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../fresh-build.ts'

/** Which files of the tests: those of these folders, but for some. */
interface Part {
  readonly of: readonly string[]
  readonly but?: readonly string[]
}

export interface Suite extends Part {
  readonly bin: string
  /** Of the runtime. */
  readonly flags?: readonly string[]
  /** Of vitest. */
  readonly options?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** For a machine that has much else to do. */
const patienceMs = 240_000

/** Of the client and of what is between it and the vendors, what depends on the runtime and is soon done: sockets, streams, timers. */
const calls = [
  'tests/client',
  'tests/conformance/recordings.test.ts',
  'tests/core',
  'tests/fetch.test.ts',
  'tests/fidelity',
  'tests/integrations/express.test.ts',
  'tests/leash.test.ts',
  'tests/transport',
]

const ofNode = [
  ...calls,
  'tests/abort',
  'tests/control',
  'tests/node-http.test.ts',
  'tests/relay/gateway',
  'tests/relay/http',
  'tests/relay/policy',
  'tests/relay/quota',
  'tests/relay/relay.test.ts',
  'tests/relay/vendors',
  'tests/relay/web-sockets.test.ts',
]

/** What they leave out is the runtime's own doing, and told with it. */
export const parts = {
  oldestNode: {
    of: ofNode,
    but: [
      // The tests' own undici needs a newer one.
      'tests/core/adopted.test.ts',
      // Its workers are in TypeScript, which this one reads in no thread.
      'tests/relay/http/workers.test.ts',
    ],
  },
  // Its relay of many workers takes long.
  newestNode: { of: ofNode, but: ['tests/relay/http/workers.test.ts'] },
  bun: {
    // Its expressions are not V8's.
    of: [...calls, 'tests/detect', 'tests/drop-in'],
    but: [
      // What it has read of a connection is lost when that breaks: streams that are cut soon have not begun, and are tried again.
      'tests/client/errors.test.ts',
      'tests/client/report.test.ts',
      'tests/client/retries.test.ts',
      'tests/integrations/express.test.ts',
      'tests/transport/abort.test.ts',
      'tests/transport/broken.test.ts',
      'tests/transport/whole.test.ts',
      // Nothing makes it collect.
      'tests/core/kept-report.test.ts',
      // It installs what a program imports and has not.
      'tests/core/optional.test.ts',
    ],
  },
  deno: {
    of: [...calls, 'tests/drop-in'],
    but: [
      // It sends again by itself what met a connection that breaks.
      'tests/client/errors.test.ts',
      'tests/client/options.test.ts',
      'tests/client/report.test.ts',
      'tests/client/retries.test.ts',
      'tests/transport/broken.test.ts',
    ],
  },
} satisfies Readonly<Record<string, Part>>

/** @returns whether all of them passed */
export function passes(name: string, suite: Suite): boolean {
  const { bin, flags = [], options = [], env } = suite
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [...flags, vitest, 'run', '--project=source', '--reporter=dot', ...options, ...filesOf(suite)]
  const began = performance.now()
  const { status } = spawnSync(bin, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env }, timeout: patienceMs })
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  return status === 0
}

/** One by one: vitest leaves nothing out of a project. @throws Error when one of the names is that of no test */
function filesOf({ of, but = [] }: Part): string[] {
  const found = (name: string) => {
    const files = globSync(name.endsWith('.ts') ? name : `${name}/**/*.test.ts`, { cwd: root })
    if (files.length === 0) throw new Error(`There is no test by the name of ${name}.`)
    return files
  }
  const left = new Set(but.flatMap(found))
  return of.flatMap(found).filter((file) => !left.has(file))
}
