/** Builds when `dist` is older than what it is made from. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Written last by a build, and not at all by one that failed. */
const proof = join(root, 'dist/index.d.ts')
const configs = ['package.json', 'tsup.config.ts', 'tsconfig.json', 'tsconfig.build.json']

export function freshBuild(): void {
  if (existsSync(proof) && statSync(proof).mtimeMs >= newest()) return
  try {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`npm run build failed:\n${stdout}${stderr}`)
  }
}

function newest(): number {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return Math.max(...[...sources, ...configs.map((name) => join(root, name))].map((file) => statSync(file).mtimeMs))
}

if (import.meta.main) freshBuild()
