import { build } from 'esbuild'
import { expect, inject, test } from 'vitest'

const { full } = inject('packed')

/** What a bundle for the edge still asks its host for. */
async function imports(entry: string): Promise<{ path: string; kind: string }[]> {
  const { metafile } = await build({
    stdin: { contents: `export * from '${entry}'`, resolveDir: full },
    absWorkingDir: full,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'silent',
    external: ['node:*', 'openai', 'openai/*', '@aws-sdk/*', '@smithy/*', 'google-auth-library'],
  })
  return Object.values(metafile.outputs).flatMap((output) => output.imports)
}

test.each([
  ['leashllm', ['openai']],
  ['leashllm/leash', []],
])('%s asks its host for nothing that a Worker has not, until a call needs it', async (entry, allowed) => {
  const needed = (await imports(entry)).filter(({ kind }) => kind !== 'dynamic-import').map(({ path }) => path)
  expect([...new Set(needed)]).toEqual(allowed)
})
