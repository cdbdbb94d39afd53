import { describe, expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { keys, useCommand } from './run.js'

const mock = useMock()
const leash = useCommand()
const env = () => keys(mock.url)

describe('leash chat', () => {
  test('prints the answer, and to the other stream who gave it', async () => {
    const { code, stdout, stderr } = await leash(['chat', 'Hello there'], { env: env() })
    expect([code, stdout]).toEqual([0, 'Echo: Hello there\n'])
    expect(stderr).toMatch(/^openai\/gpt-4o-mini · \d+ tokens in, \d+ out · \d+ ms\n$/)
  })

  test.each(['-m', '--model'])('asks the model that %s names, whoever has it', async (flag) => {
    const { code, stdout, stderr } = await leash(['chat', 'Hello', flag, 'claude-haiku-4-5'], { env: env() })
    expect([code, stdout]).toEqual([0, 'Echo: Hello\n'])
    expect(stderr).toContain('anthropic/claude-haiku-4-5')
  })

  test('--system instructs the model', async () => {
    await leash(['chat', 'Hello', '--system', 'Be brief.'], { env: env() })
    expect(mock.requests[0]?.body).toMatchObject({ messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }] })
  })

  test('--stream prints as it comes', async () => {
    const { code, stdout, stderr } = await leash(['chat', 'one two three', '--stream'], { env: env() })
    expect([code, stdout]).toEqual([0, 'Echo: one two three\n'])
    expect(stderr).toMatch(/tokens in/)
    expect(mock.requests[0]?.stream).toBe(true)
  })

  test('- reads what to say from standard input', async () => {
    const { code, stdout } = await leash(['chat', '-'], { env: env(), stdin: 'from a pipe\n' })
    expect([code, stdout]).toEqual([0, 'Echo: from a pipe\n'])
  })

  test('- reads letters whole that come in two pieces', async () => {
    const said = '€'.repeat(50_000)
    const { stdout } = await leash(['chat', '-'], { env: env(), stdin: said })
    expect(stdout).toBe(`Echo: ${said}\n`)
  })

  test('--json prints the answer and its report, and nothing else', async () => {
    const { code, stdout, stderr } = await leash(['chat', 'Hello', '--json', '--stream'], { env: env() })
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      answer: { object: 'chat.completion', choices: [{ message: { content: 'Echo: Hello' } }] },
      report: { provider: 'openai', ended: true, attempts: [{ outcome: 'ok', status: 200 }] },
    })
  })

  test('tells when it took several attempts', async () => {
    mock.script({ status: 500, headers: { 'retry-after-ms': '1' } })
    expect((await leash(['chat', 'Hello'], { env: env() })).stderr).toContain('2 attempts')
  })

  test('--fallback goes from model to model until one answers, and tells', async () => {
    mock.script({ status: 503, headers: { 'retry-after-ms': '1' }, times: 3 })
    const args = ['chat', 'Hello', '--fallback', 'anthropic/claude-missing, claude-haiku-4-5']
    const { code, stdout, stderr } = await leash(args, { env: env() })
    expect([code, stdout]).toEqual([0, 'Echo: Hello\n'])
    expect(stderr).toMatch(
      /^anthropic\/claude-haiku-4-5 .+ · instead of openai\/gpt-4o-mini \(overloaded\), anthropic\/claude-missing \(not_found\)/,
    )
  })

  test('--fallback tells of all targets when none could answer', async () => {
    mock.script({ status: 404, times: 2 })
    const { code, stderr } = await leash(['chat', 'Hello', '--fallback', 'claude-haiku-4-5'], { env: env() })
    expect([code, stderr]).toEqual([2, expect.stringContaining('anthropic/claude-haiku-4-5 (not_found, 404)')])
  })

  test.each([
    [401, 2, 'authentication_failed'],
    [404, 2, 'not_found'],
    [400, 2, 'invalid_request'],
    [429, 1, 'rate_limited'],
  ])('leaves with a status that tells who is to mend it: %i is %i', async (status, exit, errorCode) => {
    mock.script({ status, headers: { 'x-should-retry': 'false' }, times: 9 })
    const { code, stdout, stderr } = await leash(['chat', 'Hello'], { env: env() })
    expect([code, stdout]).toEqual([exit, ''])
    expect(stderr).toMatch(new RegExp(`^\\[${errorCode}\\] .+\n$`))
    mock.script({ status, headers: { 'x-should-retry': 'false' }, times: 9 })
    const json = await leash(['chat', 'Hello', '--json'], { env: env() })
    expect([json.code, json.stderr, JSON.parse(json.stdout)]).toMatchObject([exit, '', { error: { code: errorCode } }])
  })

  test('a vendor that cannot be reached is its failure', async () => {
    mock.script({ reset: true, times: 9 })
    const { code, stderr } = await leash(['chat', 'Hello'], { env: env() })
    expect([code, stderr]).toEqual([1, expect.stringContaining('[network_error]')])
  })

  test('a stream that fails on the way is a failure, after what had come', async () => {
    mock.script({ errorInStream: { message: 'Oh no', after: 4 } })
    const { code, stdout, stderr } = await leash(['chat', 'one two three four', '--stream'], { env: env() })
    expect([code, stdout.startsWith('Echo: ')]).toEqual([1, true])
    expect(stderr).toContain('Oh no')
  })

  test('without a key says which to set, and sends nothing', async () => {
    const { code, stderr } = await leash(['chat', 'Hello'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('OPENAI_API_KEY')])
  })

  test('says in one line what is wrong with the environment', async () => {
    const half = { ...env(), LEASH_RELAY_URL: 'http://127.0.0.1:4000' }
    for (const command of ['chat', 'dry-run']) {
      const { code, stderr } = await leash([command, 'Hello'], { env: half })
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^\[invalid_config\] .*LEASH_RELAY_KEY\..*\n$/)])
    }
  })

  test('without anything to say tells how it is used', async () => {
    const { code, stdout, stderr } = await leash(['chat'], { env: env() })
    expect([code, stdout + stderr]).toEqual([2, expect.stringMatching(/PROMPT/i)])
  })
})

test('no key stands in anything that is printed', async () => {
  mock.script({ status: 401, times: 9 })
  for (const args of [
    ['chat', 'Hello'],
    ['chat', 'Hello', '--json'],
    ['doctor', '--json'],
    ['models', '--json'],
  ]) {
    const { stdout, stderr } = await leash(args, { env: { ...env(), OPENAI_API_KEY: 'sk-do-not-tell' } })
    expect(stdout + stderr).not.toContain('sk-do-not-tell')
  }
})
