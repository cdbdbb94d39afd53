/**
 * What `npm test` and CI run: the build, the gates, then every test. A gate that fails counts as one failure.
 * The last line is `N passed, N failed`. CI has one gate more, the other runtimes: they are some 800 MB to download.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './fresh-build.ts'
import { notRun } from './not-run.ts'

/** The parts of vitest's JSON report that are read here. */
interface Report {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

type Outcome = 'ok' | 'NOT RUN' | 'FAILED'

const runtimes = 'npm run runtimes -- --check'

/** CI is to take less than twenty minutes, on a slow machine too: of the other runtimes, nothing is begun after so long. */
const runtimesUntil = Date.now() + 12 * 60_000

const gates: readonly (readonly [name: string, command: string])[] = [
  ['build', 'npm run --silent build'],
  ['lint', 'biome check --error-on-warnings'],
  ['types', 'tsc -p .'],
  ['unused', 'knip'],
]

const outcomes = gates.map(([name, command]) => [name, run(name, command)] as const)

const folder = mkdtempSync(join(tmpdir(), 'leashllm-test-'))
const file = join(folder, 'report.json')
const green = run('tests', `vitest run --reporter=dot --reporter=json --outputFile.json=${file}`) === 'ok'
const { passed, failures, skipped } = read(file)
rmSync(folder, { recursive: true })
if (process.env.CI) outcomes.push(['runtimes', run('runtimes', `${runtimes} --until=${runtimesUntil}`)])
const failed = outcomes.filter(([, outcome]) => outcome === 'FAILED').map(([name]) => name)

for (const name of skipped) console.log(`SKIPPED: ${name}`)
if (!process.env.CI) console.log(`SKIPPED: the other runtimes, some 800 MB: ${runtimes}`)
for (const [name, outcome] of outcomes) if (outcome === 'NOT RUN') console.log(`NOT RUN: ${name}, as it says above.`)
for (const name of failed) console.log(`FAILED: ${name}`)
// A run can fail with every test green, by an unhandled rejection for one.
const total = failed.length + (failures === 0 && !green ? 1 : failures)
console.log(`${passed} passed, ${total} failed`)
process.exitCode = total === 0 && passed > 0 ? 0 : 1

function run(name: string, command: string): Outcome {
  const started = performance.now()
  const { status } = spawnSync(command, { cwd: root, shell: true, stdio: 'inherit' })
  const outcome = status === 0 ? 'ok' : status === notRun ? 'NOT RUN' : 'FAILED'
  console.log(`${outcome}: ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  return outcome
}

function read(file: string): { passed: number; failures: number; skipped: string[] } {
  let report: Report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failures: 1, skipped: [] }
  }
  const tests = report.testResults.flatMap((suite) => suite.assertionResults)
  // A file that throws before its first test is one failure without a test.
  const broken = report.testResults.filter(
    (suite) => suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failures: report.numFailedTests + broken.length,
    skipped: tests.filter((test) => ['skipped', 'pending', 'todo'].includes(test.status)).map((test) => test.fullName),
  }
}
