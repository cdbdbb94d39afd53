import { describe, expect, test } from 'vitest'
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js'

describe('which call is one of this protocol', () => {
  const body = { model: 'gpt-5', input: 'hi', stream: true }

  test('the creation of a response, wherever it is served', () => {
    for (const path of ['/v1/responses', '/responses', '/openai/v1/responses', '/openai/responses?api-version=preview'])
      expect(openaiResponses.match(path, body), path).toEqual({ model: 'gpt-5', stream: true })
  })

  test('nothing beside it', () => {
    for (const path of [
      '/v1/responses/resp_1',
      '/v1/responses/resp_1/cancel',
      '/v1/responses/compact',
      '/v1/responses/input_tokens',
      '/v1/chat/completions',
      '/v1/myresponses',
    ])
      expect(openaiResponses.match(path, body), path).toBeUndefined()
  })

  test('a stored prompt may name the model instead', () => {
    expect(openaiResponses.match('/v1/responses', { prompt: { id: 'pmpt_1' } })).toEqual({ model: '', stream: false })
  })
})

test('another model takes the place of the first, and the order of members stays', () => {
  const body = { stream: true, model: 'a', input: 'hi' }
  expect(JSON.stringify(openaiResponses.withModel(body, 'b'))).toBe('{"stream":true,"model":"b","input":"hi"}')
  expect(body.model).toBe('a')
})
