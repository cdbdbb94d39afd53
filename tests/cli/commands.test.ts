import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { root } from '../helpers/source.js'
import { keys, useCommand } from './run.js'

const mock = useMock()
const leash = useCommand()
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

describe('leash', () => {
  test('--help lists its commands', async () => {
    const { code, stdout } = await leash(['--help'])
    expect(code).toBe(0)
    for (const name of ['chat', 'models', 'doctor', 'mock']) expect(stdout).toContain(name)
  })

  test.each(['20.20.2', '22.12.0'])('says which Node it needs to Node %s', async (version) => {
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(older)}` }
    const { code, stderr } = await leash(['models'], { env })
    expect([code, stderr]).toEqual([1, `leash needs Node 22.13 or newer, and this is ${version}.\n`])
    expect(manifest.engines.node).toBe('>=22.13')
  })

  test.each(['chat', 'models', 'doctor', 'mock'])('%s --help tells its options', async (name) => {
    const { code, stdout } = await leash([name, '--help'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('--json')])
  })

  test('refuses a command that it does not have', async () => {
    expect(await leash(['fly'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/fly.*leash --help/) })
    const { code, stdout } = await leash(['fly', '--json'])
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'invalid_config'])
  })

  test.each([[['--help']], [['chat', '--help']], [[]]])('%j: leaves colours out where nobody can see them', async (args) => {
    const { stdout } = await leash(args)
    expect(stdout).toContain('USAGE')
    expect(stdout).toBe(stripVTControlCharacters(stdout))
  })

  test.each([
    [['relay', 'my.yaml'], 'my.yaml'],
    [['chat', 'Hello', 'there'], 'there'],
    [['keys', 'revoke', 'one', 'two'], 'two'],
  ])('%s: refuses a word that it has no use for', async (args, stray) => {
    const { code, stderr } = await leash(args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(`There is no use for "${stray}"`)])
  })

  test.each([
    [['chat'], 'leash chat PROMPT'],
    [['dry-run', '--model', 'gpt-4o'], 'leash dry-run PROMPT'],
    [['module', 'new'], 'leash module WHAT NAME'],
  ])('%s: a word that is missing is told in a line, or as JSON', async (args, written) => {
    const said = `[invalid_config] Write: ${written}. \`leash ${args[0]} --help\` tells more.`
    expect(await leash(args)).toEqual({ code: 2, stdout: '', stderr: `${said}\n` })
    const { code, stdout } = await leash([...args, '--json'])
    expect([code, JSON.parse(stdout).error.message]).toEqual([2, said])
  })

  test('ends in peace when nobody reads its lines any more', async () => {
    const child = leash.start(['models'], keys(mock.url))
    child.stdout?.destroy()
    let said = ''
    child.stderr?.on('data', (more) => {
      said += more
    })
    const [code] = await once(child, 'close')
    expect([code, said]).toEqual([0, ''])
  })

  test.each(['--version', '-v'])('%s tells the version of the package, and nothing else', async (flag) => {
    const { code, stdout } = await leash([flag])
    expect([code, stdout]).toEqual([0, `${manifest.version}\n`])
  })

  test.each([
    [['--fly'], "Unknown option '--fly'.", 'leash --help'],
    [['--json', 'models'], "Unknown option '--json'.", 'leash --help'],
    [['chat', 'Hello', '--modle', 'gpt-4o'], "Unknown option '--modle'", 'leash chat --help'],
    [['chat', '--modle=gpt-4o', 'Hello'], "Unknown option '--modle'", 'leash chat --help'],
    [['chat', 'Hello', '-x'], "Unknown option '-x'", 'leash chat --help'],
    [['chat', 'Hello', '--no-fly'], "Unknown option '--no-fly'", 'leash chat --help'],
    [['chat', 'Hello', '-m'], "'-m, --model <value>' argument missing", 'leash chat --help'],
    [['models', '--json=maybe'], "'--json' does not take an argument", 'leash models --help'],
    [['doctor', '--fast'], "Unknown option '--fast'", 'leash doctor --help'],
  ])('refuses %j, says why and where to look, and does nothing', async (args, why, where) => {
    const { code, stdout, stderr } = await leash(args, { env: keys(mock.url) })
    expect(code).toBe(2)
    const said = args.includes('--json') ? JSON.parse(stdout).error.message : stderr
    expect(said).toContain(why)
    expect(said).toContain(`\`${where}\` lists the options.`)
    expect(mock.requests).toEqual([])
  })

  test('what begins with a dash is a prompt behind --', async () => {
    const { code, stdout } = await leash(['chat', '--model', 'gpt-4o', '--', '-5 degrees'], { env: keys(mock.url) })
    expect([code, stdout]).toEqual([0, 'Echo: -5 degrees\n'])
  })
})

describe('leash models', () => {
  test('lists models by their providers, and marks those that are ready', async () => {
    const { code, stdout } = await leash(['models'], { env: { ANTHROPIC_API_KEY: 'key' } })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ready\s+anthropic\/claude-sonnet-4-5\s+chat\s+200,000 tokens$/m)
    expect(stdout).toMatch(/^\s+openai\/gpt-4o-mini\s+chat\s+128,000 tokens$/m)
  })

  test('--provider leaves out the others', async () => {
    const { stdout } = await leash(['models', '--provider', 'groq'])
    expect(stdout.trim().split('\n')).toSatisfy(
      (lines: string[]) => lines.length > 1 && lines.every((line) => line.includes('groq/')),
    )
  })

  test('says so where it knows none by name, and where there is no such provider', async () => {
    const unlisted = await leash(['models', '--provider', 'ollama'])
    expect(unlisted).toEqual({ code: 0, stdout: '', stderr: expect.stringContaining('ollama/NAME') })
    const unknown = await leash(['models', '--provider', 'grok'])
    expect(unknown).toEqual({ code: 2, stdout: '', stderr: '[invalid_config] "grok" names no provider.\n' })
  })

  test('--json prints them for programs', async () => {
    const { stdout } = await leash(['models', '--json'], { env: { OPENAI_API_KEY: 'key' } })
    const list = JSON.parse(stdout)
    expect(list).toContainEqual({
      name: 'gpt-4o-mini',
      provider: 'openai',
      kind: 'chat',
      contextWindow: 128_000,
      maxOutput: 16_384,
      ready: true,
    })
    expect(list).toContainEqual(expect.objectContaining({ provider: 'anthropic', ready: false }))
  })
})

describe('leash doctor', () => {
  test('without a key fails, and names what is missing', async () => {
    const { code, stdout } = await leash(['doctor', '--offline'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^no\s+openai\s+Set OPENAI_API_KEY/m)
    expect(stdout).toMatch(/^no\s+anthropic\s+.*ANTHROPIC_API_KEY/m)
    expect(stdout).toMatch(/^yes\s+openai\s+for the LeashLLM client$/m)
  })

  test('with a key tells where it would be sent, and sends it nowhere', async () => {
    const env = { OPENAI_API_KEY: 'key', OPENAI_BASE_URL: `${mock.url}/v1` }
    const { code, stdout } = await leash(['doctor'], { env })
    expect(code).toBe(0)
    expect(stdout).toContain(mock.url)
    expect(stdout).not.toContain('cannot be reached')
    expect(mock.requests.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      ['HEAD', '/', undefined],
    ])
  })

  test('tells an address that does not answer', async () => {
    const env = { OPENAI_API_KEY: 'key', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }
    expect((await leash(['doctor'], { env })).stdout).toContain('http://127.0.0.1:1 cannot be reached')
    expect((await leash(['doctor', '--offline'], { env })).stdout).not.toContain('cannot be reached')
  })

  test('--json prints its findings for programs', async () => {
    const { code, stdout } = await leash(['doctor', '--json'], { env: keys(mock.url) })
    const { providers, packages } = JSON.parse(stdout)
    expect(code).toBe(0)
    for (const provider of ['openai', 'anthropic', 'google', 'azure', 'bedrock']) {
      expect(providers).toContainEqual({ provider, configured: true, endpoint: mock.url, reachable: true })
    }
    expect(providers).toContainEqual({ provider: 'groq', configured: false, missing: expect.stringContaining('GROQ_API_KEY') })
    expect(packages).toContainEqual({ name: 'openai', installed: true, for: expect.any(String) })
  })
})

describe('leash mock', () => {
  test('serves mock vendors until it is told to stop', async () => {
    const child = leash.start(['mock', '--port', '0', '--json'])
    const exited = once(child, 'exit')
    const [line] = await once(child.stdout ?? child, 'data')
    const { url } = JSON.parse(String(line))
    expect((await leash(['chat', 'Hello'], { env: keys(url) })).stdout).toBe('Echo: Hello\n')
    child.kill('SIGINT')
    const [code, signal] = await exited
    expect([code, signal]).toEqual([0, null])
  })

  test('prints what to export, for models of OpenAI, Anthropic and Google', async () => {
    const child = leash.start(['mock', '--port', '0'])
    const exited = once(child, 'exit')
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (more) => (text += more))
    await expect
      .poll(() => text, { timeout: 10_000 })
      .toMatch(/export OPENAI_BASE_URL=http:\/\/127\.0\.0\.1:\d+\/v1\nexport OPENAI_API_KEY=.*\n$/s)
    const env = Object.fromEntries([...text.matchAll(/^export (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]))
    for (const model of ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash'])
      expect(await leash(['chat', 'Hello', '--model', model], { env })).toMatchObject({ code: 0, stdout: 'Echo: Hello\n' })
    child.kill('SIGTERM')
    await exited
  })

  test.each(['x', '-1', '70000'])('refuses %s as a port', async (port) => {
    const { code, stderr } = await leash(['mock', `--port=${port}`])
    expect([code, stderr]).toEqual([2, expect.stringContaining('is not a port')])
  })

  test('tells when the port is taken', async () => {
    const { code, stderr } = await leash(['mock', '--port', new URL(mock.url).port])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/EADDRINUSE.*Choose another `--port`/)])
  })
})
