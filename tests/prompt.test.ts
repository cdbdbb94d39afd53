import fc from 'fast-check'
import { zodResponseFormat } from 'openai/helpers/zod'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { isLeashError, LeashLLM, prompt } from '../src/index.js'
import { mockProviders } from '../src/testing/index.js'
import { useMock } from './helpers/mock.js'

const mock = useMock()

const summary = prompt({
  model: '{{model}}',
  temperature: 0,
  messages: [
    { role: 'system', content: 'Answer in {{ language }}.' },
    { role: 'user', content: '{{language}}: {{text}}' },
  ],
})

const refused = (fill: () => unknown) => {
  try {
    fill()
  } catch (error) {
    return isLeashError(error) ? `${error.code}: ${error.detail}` : error
  }
  return 'not refused'
}

describe('a prompt', () => {
  test('is filled wherever a gap stands, and is a request', async () => {
    const client = new LeashLLM({ apiKey: 'key', baseURL: `${mock.url}/v1`, providers: mockProviders(mock.url) })
    await client.chat.completions.create(summary({ model: 'gpt-4o-mini', language: 'French', text: 'Moons' }))
    expect(mock.requests[0]?.body).toMatchObject({
      model: 'gpt-4o-mini',
      temperature: 0,
      messages: [
        { role: 'system', content: 'Answer in French.' },
        { role: 'user', content: 'French: Moons' },
      ],
    })
  })

  test('stays as it was for the next call', () => {
    const first = summary({ model: 'a', language: 'b', text: 'c' })
    expect(summary({ model: 'x', language: 'y', text: 'z' })).not.toEqual(first)
    expect(summary({ model: 'a', language: 'b', text: 'c' })).toEqual(first)
  })

  test('takes every value as it stands: braces and dollars in it mean nothing', () => {
    const greet = prompt({ messages: [{ role: 'user', content: '[{{name}}]' }] })
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('{{name}}', '$&', '$1', "$'")), (name) => {
        expect(greet({ name }).messages[0]?.content).toBe(`[${name}]`)
      }),
    )
  })

  test('has gaps that begin with a digit, too', () => {
    expect(prompt({ text: '{{1}} of {{2nd}}' })({ '1': 'one', '2nd': 'two' })).toEqual({ text: 'one of two' })
  })

  test('leaves what holds no gap untouched, so that a schema stays what a helper made of it', () => {
    const format = zodResponseFormat(z.object({ city: z.string() }), 'place')
    const ask = prompt({ response_format: format, messages: [{ role: 'user', content: '{{question}}' }] })
    expect(ask({ question: 'Where?' }).response_format).toBe(format)
  })

  test('with a value missing is refused, and says which', () => {
    const fill = summary as unknown as (variables: object) => unknown
    expect(refused(() => fill({ model: 'a', language: 'b' }))).toBe(
      'invalid_request: The prompt lacks {{text}}. Pass a value for each.',
    )
    expect(refused(() => prompt({ content: '{{constructor}}' } as object)())).toContain('lacks {{constructor}}')
  })

  test('with a value that it has no gap for is refused', () => {
    const fill = summary as unknown as (variables: object) => unknown
    expect(refused(() => fill({ model: 'a', language: 'b', text: 'c', txt: 'd' }))).toContain('has no {{txt}}')
  })

  test('with a value that is no text is refused, and the value is not shown', () => {
    const fill = summary as unknown as (variables: object) => unknown
    const said = refused(() => fill({ model: 'a', language: 'b', text: { secret: 'hidden' } }))
    expect(said).toContain("The prompt's {{text}} must be text")
    expect(said).not.toContain('hidden')
  })

  test('with a gap that has no name is refused where it is made', () => {
    expect(refused(() => prompt({ content: 'Hello {{ }}' }))).toContain('invalid_config')
    expect(refused(() => prompt({ content: 'Hello {{first name}}' }))).toContain('invalid_config')
  })
})

describe('the compiler', () => {
  test('knows the gaps of a prompt in code', () => {
    expectTypeOf(summary).parameter(0).toEqualTypeOf<{
      readonly model: string | number | boolean
      readonly language: string | number | boolean
      readonly text: string | number | boolean
    }>()
    // @ts-expect-error `text` is missing
    expect(() => summary({ model: 'a', language: 'b' })).toThrow()
    // @ts-expect-error there is no such gap
    expect(() => summary({ model: 'a', language: 'b', text: 'c', txt: 'd' })).toThrow()
  })

  test('wants nothing where there is nothing to fill', () => {
    expect(prompt({ model: 'gpt-4o-mini' })()).toEqual({ model: 'gpt-4o-mini' })
  })

  test('takes any gaps of a prompt that comes from a file', () => {
    const text: { content: string } = JSON.parse('{"content":"Hello {{name}}"}')
    expect(prompt(text)({ name: 'Ada' })).toEqual({ content: 'Hello Ada' })
  })
})
