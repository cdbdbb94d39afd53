/**
 * What a run leaves behind: nothing, also when it is cut short. Its tests are threads of this process, whose children all their
 * servers, browsers and programs are, and their temporary folders lie in two of its own.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { root } from './source.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder below `node_modules`, for programs that find its packages. */
    programs: string
  }
}

const prefix = 'leashllm-tests-'

export default function setup(project: TestProject): void {
  // The projects of a run share a process. One folder within another makes paths too long for Chromium's socket.
  if (!basename(tmpdir()).startsWith(prefix)) process.env.TMPDIR = temporary()
  const programs = ownFolder(join(root, 'node_modules/.leashllm-tests-'))
  project.provide('programs', programs)
}

function temporary(): string {
  process.once('exit', () => spawnSync('pkill', ['-KILL', '-P', String(process.pid)]))
  const folder = ownFolder(join(tmpdir(), prefix))
  // What is started by root may be run by somebody else.
  chmodSync(folder, 0o711)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
  return folder
}

/** Gone with the process. */
function ownFolder(beginning: string): string {
  const folder = mkdtempSync(beginning)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
