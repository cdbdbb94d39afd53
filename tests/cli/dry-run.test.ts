import { describe, expect, test } from 'vitest'
import { useMock } from '../helpers/mock.js'
import { keys, useCommand } from './run.js'

const mock = useMock()
const leash = useCommand()

describe('leash dry-run', () => {
  test('tells target, tokens and price, and asks nobody', async () => {
    const { code, stdout } = await leash(['dry-run', 'How many moons?', '-m', 'gpt-4o-mini', '--max-tokens', '100'], {
      env: keys(mock.url),
    })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^target\s+openai\/gpt-4o-mini\nprompt\s+about \d+ tokens\s+\$/)])
    expect(stdout).toMatch(/in all\s+at most \$0\.00006/)
    expect(mock.requests).toHaveLength(0)
  })

  test('--json prints the estimate for programs, of a prompt on standard input', async () => {
    const { stdout } = await leash(['dry-run', '-', '--json'], { env: keys(mock.url), stdin: 'How many moons?' })
    expect(JSON.parse(stdout)).toMatchObject({ provider: 'openai', maxOutputTokens: 16_384 })
  })

  test('fails as the call would', async () => {
    const { code, stderr } = await leash(['dry-run', 'hello', '-m', 'anthropic/claude-haiku-4-5'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('missing_key')])
  })

  test('refuses a number of tokens that is none', async () => {
    const { code, stderr } = await leash(['dry-run', 'hello', '--max-tokens', 'few'], { env: keys(mock.url) })
    expect([code, stderr]).toEqual([2, expect.stringContaining('"few" is no number of tokens')])
  })
})
