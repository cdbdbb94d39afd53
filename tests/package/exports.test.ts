import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, test } from 'vitest'

const { bare, full } = inject('packed')
const run = promisify(execFile)

const manifest = JSON.parse(readFileSync(join(full, 'node_modules/leashllm/package.json'), 'utf8'))
const entries = Object.keys(manifest.exports).map((path) => path.replace(/^\./, 'leashllm'))
const modules = entries.filter((entry) => !entry.endsWith('.json'))
const peers = Object.keys(manifest.peerDependencies)

/** Runs a program in an installed project and parses what it prints. */
async function program<T>(folder: string, name: string, code: string, ...flags: string[]): Promise<T> {
  const file = join(folder, `${name}.js`)
  writeFileSync(file, code)
  const { stdout } = await run(process.execPath, [...flags, file], { cwd: folder, env: { PATH: process.env.PATH ?? '' } })
  return JSON.parse(stdout)
}

/** Addresses of all modules that importing `entry` loads, on Node's own word. */
function loaded(folder: string, entry: string): Promise<string[]> {
  return program(
    folder,
    `loads-${entry.replaceAll('/', '-')}`,
    `import { registerHooks } from 'node:module'
     const urls = new Set()
     registerHooks({ load(url, context, next) { urls.add(url); return next(url, context) } })
     await import('${entry}')
     console.log(JSON.stringify([...urls]))`,
  )
}

describe('the export map', () => {
  test.each(modules)('%s can be imported', async (entry) => {
    const names = await program<string[]>(
      full,
      `names-${entry.replaceAll('/', '-')}`,
      `import * as all from '${entry}'\nconsole.log(JSON.stringify(Object.keys(all)))`,
    )
    expect(names).not.toEqual([])
  })

  test.each(modules)('%s can be required: Node loads an ES module so, when nothing in it awaits', async (entry) => {
    const names = await program<string[]>(
      full,
      `required-${entry.replaceAll('/', '-')}`,
      `import { createRequire } from 'node:module'
       console.log(JSON.stringify(Object.keys(createRequire(import.meta.url)('${entry}'))))`,
    )
    expect(names).not.toEqual([])
  })

  test('who requires the client finds OpenAI’s classes on it, and may put an own client on a leash', async () => {
    const seen = await program(
      full,
      'required-classes',
      `import { createRequire } from 'node:module'
       const require = createRequire(import.meta.url)
       const { LeashLLM, createLeash } = require('leashllm')
       const OpenAI = require('openai')
       const options = { apiKey: 'key', baseURL: 'http://127.0.0.1:9', maxRetries: 0 }
       const body = { model: 'm', messages: [] }
       const failure = (client) => client.chat.completions.create(body).catch((error) => error)
       const [ours, wrapped] = [new LeashLLM(options), createLeash().wrap(new OpenAI(options))]
       console.log(JSON.stringify({
         ours: (await failure(ours)) instanceof LeashLLM.APIConnectionError,
         wrapped: wrapped instanceof OpenAI && (await failure(wrapped)) instanceof OpenAI.APIConnectionError,
       }))`,
    )
    expect(seen).toEqual({ ours: true, wrapped: true })
  })

  test('the manifest can be read by tools', async () => {
    const version = await program(
      full,
      'manifest',
      `import manifest from 'leashllm/package.json' with { type: 'json' }\nconsole.log(JSON.stringify(manifest.version))`,
    )
    expect(version).toBe(manifest.version)
  })

  test('nothing inside the package can be reached but by a sub-path that is on the map', async () => {
    const code = await program(
      full,
      'inside',
      `console.log(JSON.stringify(await import('leashllm/dist/index.js').then(() => 'reached', (error) => error.code)))`,
    )
    expect(code).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })
})

/** What stands on a class of a peer's loads that peer, and whatever it brings along. */
const extended: Readonly<Record<string, string>> = { leashllm: 'openai', 'leashllm/langchain': '@langchain/core' }

describe('optional peers', () => {
  test.each(modules.filter((entry) => !Object.hasOwn(extended, entry)))('%s works with no peer installed', async (entry) => {
    await expect(loaded(bare, entry)).resolves.not.toEqual([])
  })

  test("the client without openai fails with Node's own error, which names the package", async () => {
    await expect(loaded(bare, 'leashllm')).rejects.toThrow(/Cannot find package 'openai'/)
  })

  test.each(modules)('importing %s loads no vendor SDK but the one it extends', async (entry) => {
    const peer = extended[entry]
    const allowed = peer === undefined ? [] : [peer]
    const urls = await loaded(full, entry)
    const found = peers.filter((peer) => urls.some((url) => url.includes(`/node_modules/${peer}/`)))
    expect(found).toEqual(allowed)
    const heavy = entry === 'leashllm/langchain' ? /sqlite|genai-prices/ : /sqlite|\/zod\/|genai-prices/
    expect(urls.filter((url) => heavy.test(url))).toEqual([])
  })

  test('every peer is optional, so that nobody installs five SDKs to use one', () => {
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(peers.sort())
  })
})
