import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { loadOptional } from '../../src/core/optional.js'
import { root } from '../helpers/source.js'

describe('an optional package', () => {
  test('that is there is given', async () => {
    expect(await loadOptional('node:path', () => import('node:path'))).toHaveProperty('join')
  })

  test('that is missing is named, with the command that installs it', async () => {
    const name = 'surely-nobody-calls-a-package-this'
    await expect(loadOptional(name, () => import(name))).rejects.toMatchObject({
      code: 'missing_dependency',
      status: 500,
      message: expect.stringContaining(`npm i ${name}`),
    })
  })

  test('that fails for another reason keeps its own error', async () => {
    const broken = new Error('its own fault')
    await expect(loadOptional('x', () => Promise.reject(broken))).rejects.toBe(broken)
  })
})

test('a program without google-auth-library is told to install it when it first asks Vertex AI, and not before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leash-'))
  try {
    const program = `
      import { vertex } from ${JSON.stringify(join(root, 'src/providers/vertex.ts'))}
      const provider = vertex({ project: 'p', env: {} })
      console.log(provider.missing() ?? 'ready')
      await provider.prepare({ protocol: 'gemini', model: 'gemini-2.5-flash', stream: false, body: {}, headers: {} }).catch((error) => console.log(error.message))
    `
    const { metafile, outputFiles } = await build({
      stdin: { contents: program, resolveDir: root },
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      external: ['google-auth-library'],
    })
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
    expect(imports.filter(({ external }) => external)).toEqual([
      { path: 'google-auth-library', kind: 'dynamic-import', external: true },
    ])

    const file = join(folder, 'program.mjs')
    await writeFile(file, outputFiles[0]?.text ?? '')
    const { stdout } = await promisify(execFile)(process.execPath, [file])
    expect(stdout.trim().split('\n')).toEqual([
      'ready',
      '[missing_dependency] This needs the package `google-auth-library`. Install it: npm i google-auth-library',
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})
