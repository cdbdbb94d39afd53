import { describe, expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { keys, useCommand } from './run.js'

const mock = useMock()
const leash = useCommand()
const anthropic = () => ({ ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: mock.url })

describe('leash health', () => {
  test('says yes for a provider that answers', async () => {
    const { code, stdout } = await leash(['health'], { env: anthropic() })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^yes\s+anthropic\s+\d+ ms/)])
  })

  test('asks every provider that is set up', async () => {
    const { stdout } = await leash(['health', '--json'], { env: keys(mock.url) })
    const names = JSON.parse(stdout).map(({ provider }: { provider: string }) => provider)
    expect(names).toEqual(expect.arrayContaining(['openai', 'anthropic', 'google']))
  })

  test('fails when one does not answer', async () => {
    const { code, stdout } = await leash(['health'], { env: { ...anthropic(), ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' } })
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^no\s+anthropic/)])
  })

  test('fails and says what to do when no provider is set up', async () => {
    const { code, stderr } = await leash(['health'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('leash doctor')])
  })

  test.each([
    [['--provider', 'nobody'], '"nobody" names no provider'],
    [['--timeout', 'soon'], '"soon" is no number of milliseconds'],
  ])('refuses %s in a line, or as JSON', async (args, said) => {
    const line = await leash(['health', ...args])
    expect(line).toEqual({ code: 2, stdout: '', stderr: `[invalid_config] ${said}.\n` })
    const { code, stdout } = await leash(['health', '--json', ...args])
    expect([code, JSON.parse(stdout).error]).toEqual([2, { code: 'invalid_config', message: `[invalid_config] ${said}.` }])
  })
})
