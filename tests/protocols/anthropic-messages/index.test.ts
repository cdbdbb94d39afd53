import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import { anthropicMessages } from '../../../src/protocols/anthropic-messages/index.js'
import { exchanges, Losses } from './kit.js'

const { match, withModel, adapt } = anthropicMessages
const asked = { model: 'claude-x', messages: [] }

describe('a request of this protocol', () => {
  it.each(['/v1/messages', '/messages', '/anthropic/v1/messages', '/v1/messages/'])('is recognised at %s', (path) => {
    expect(match(path, asked)).toEqual({ model: 'claude-x', stream: false })
    expect(match(path, { ...asked, stream: true })).toEqual({ model: 'claude-x', stream: true })
    expect(match(path, {})).toEqual({ model: '', stream: false })
  })

  it.each([
    ['/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict', false],
    ['/v1/projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict', true],
  ])('is recognised at %s, which names the model', (path, stream) => {
    expect(match(path, { anthropic_version: 'vertex-2023-10-16' })).toEqual({ model: 'claude-sonnet-4-5@20250929', stream })
  })

  it.each([
    '/v1/messages/count_tokens',
    '/v1/messages/batches',
    '/v1/chat/completions',
    '/v1/threads/thread_1/messages',
    '/v1/mymessages',
    '/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict',
    '/v1/projects/p/locations/l/publishers/google/models/gemini:streamGenerateContent',
  ])('is not recognised at %s', (path) => {
    expect(match(path, asked)).toBeUndefined()
  })

  it('is not one when it names no model', () => {
    expect(match('/v1/messages', { messages: [] })).toBeUndefined()
  })

  it('was each recorded one', () => {
    for (const { request } of exchanges) {
      expect(match(new URL(request.url).pathname, request.body)).toEqual({
        model: request.body.model,
        stream: request.body.stream === true,
      })
    }
  })

  it('names another model in its place, or at the end', () => {
    expect(JSON.stringify(withModel(asked, 'claude-y'))).toBe('{"model":"claude-y","messages":[]}')
    expect(withModel({ messages: [] }, 'claude-y')).toEqual({ messages: [], model: 'claude-y' })
  })

  it('passes on the headers that mean something to it', () => {
    expect(anthropicMessages.headers).toEqual(['anthropic-version', 'anthropic-beta'])
  })
})

describe('a body that passes through', () => {
  it.each(exchanges)('stays the same object: $name', ({ request: { body } }) => {
    expect(adapt?.(body, {}, () => {})).toBe(body)
  })

  it('loses the thinking that another vendor made, and what its provider refuses', () => {
    const losses = new Losses()
    const own = { type: 'thinking', thinking: 't', signature: 'c2ln' }
    const body: JsonObject = {
      model: 'm',
      messages: [
        { role: 'user', content: 'a' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'x', signature: 'google-gemini-v1:reasoning::abc' },
            own,
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'unsigned:reasoning::' }] },
      ],
      speed: 'fast',
    }
    const before = JSON.stringify(body)
    expect(adapt?.(body, { refuses: ['speed'] }, losses.lose)).toEqual({
      model: 'm',
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [own, { type: 'text', text: 'b' }] },
      ],
    })
    expect(JSON.stringify(body)).toBe(before)
    expect(losses.list).toEqual(['dropped messages[1].content[0]', 'dropped messages[2].content[0]', 'dropped speed'])
  })

  it('loses the sources that another vendor told, which Claude would want its own seal in', () => {
    const losses = new Losses()
    const found = { type: 'web_search_result_location', url: 'https://a.example', title: null, cited_text: 'b' }
    const own = { ...found, encrypted_index: 'c2ln' }
    const theirs = { ...found, encrypted_index: '' }
    const said = (...cited: JsonObject[][]): JsonObject => ({
      model: 'm',
      messages: [
        { role: 'user', content: 'a' },
        {
          role: 'assistant',
          content: cited.map((citations) => ({ type: 'text', text: 'b', ...(citations.length > 0 && { citations }) })),
        },
      ],
    })
    const body = said([theirs], [own, theirs], [own], [])
    const before = JSON.stringify(body)
    expect(adapt?.(body, {}, losses.lose)).toEqual(said([], [own], [own], []))
    expect(JSON.stringify(body)).toBe(before)
    expect(losses.list).toEqual(['dropped messages[1].content[0].citations', 'dropped messages[1].content[1].citations'])
  })
})
