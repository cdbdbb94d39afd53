/**
 * What a run leaves behind: nothing, also when it is cut short. Its tests are threads of this process, whose children all their
 * servers, browsers and programs are, and their temporary folders lie in two of its own.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { root } from './source.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder below `node_modules`, for programs that find its packages. */
    programs: string
  }
}

export default function setup(project: TestProject): void {
  const temporary = mkdtempSync(join(tmpdir(), 'leashllm-tests-'))
  // What is started by root may be run by somebody else.
  chmodSync(temporary, 0o711)
  process.env.TMPDIR = temporary
  const programs = mkdtempSync(join(root, 'node_modules/.leashllm-tests-'))
  project.provide('programs', programs)
  process.once('exit', () => {
    spawnSync('pkill', ['-KILL', '-P', String(process.pid)])
    for (const folder of [temporary, programs]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
}
