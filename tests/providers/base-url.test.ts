import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { baseUrl, pathOf } from '../../src/providers/base-url.js'

describe('a base URL', () => {
  test.each([
    ['https://h.example/v1', 'chat/completions', undefined, 'https://h.example/v1/chat/completions'],
    ['https://h.example/v1/', 'chat/completions', undefined, 'https://h.example/v1/chat/completions'],
    ['https://h.example', 'chat/completions', undefined, 'https://h.example/chat/completions'],
    ['http://127.0.0.1:8080/a/b//', 'x', undefined, 'http://127.0.0.1:8080/a/b/x'],
    ['https://h.example/v1?team=7', 'x', undefined, 'https://h.example/v1/x?team=7'],
    ['https://h.example/v1?team=7', 'x', 'alt=sse', 'https://h.example/v1/x?team=7&alt=sse'],
    ['https://h.example/v1', 'x', 'alt=sse', 'https://h.example/v1/x?alt=sse'],
    ['https://h.example/with space', 'x', undefined, 'https://h.example/with%20space/x'],
  ])('%s joined with %s and %s keeps its own path and query', (base, path, query, joined) => {
    expect(baseUrl(base, 'test').at(path, query)).toBe(joined)
  })

  test.each([
    ['api.example.com/v1', 'absolute'],
    ['', 'absolute'],
    ['/v1', 'absolute'],
    ['ftp://h.example/', 'https://'],
    ['file:///etc/passwd', 'https://'],
    ['https://user:pass@h.example/', 'user name or password'],
    ['https://user@h.example/', 'user name or password'],
    ['https://h.example/#part', 'fragment'],
  ])('%s is refused, and the message says why', (base, why) => {
    expect(() => baseUrl(base, 'acme')).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(why) }),
    )
  })

  test('one that is refused is not repeated in the message, because it may hold a key', () => {
    expect(() => baseUrl('https://me:s3cret@h.example/', 'acme')).toThrow(/^(?!.*s3cret).*$/)
    expect(() => baseUrl('h.example/v1?key=s3cret', 'acme')).toThrow(/^(?!.*s3cret).*$/)
  })

  test('whatever a model is called, the request stays below its path', () => {
    const name = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom('..', '.', '/', '%2e', 'a', '?', '#', '\\')).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(name, (name) => {
        const climbs = name.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')
        if (climbs) return void expect(() => pathOf(name)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
        const joined = new URL(baseUrl('https://h.example/v1?a=1', 'test').at(`models/${pathOf(name)}:act`))
        expect(joined.origin).toBe('https://h.example')
        expect(joined.pathname).toMatch(/^\/v1\/models\/.*:act$/)
        expect(joined.search).toBe('?a=1')
      }),
    )
  })

  test('a model name is escaped segment by segment', () => {
    expect(pathOf('org/my model?x#y')).toBe('org/my%20model%3Fx%23y')
  })

  test('half of a surrogate pair, which no address can hold, is replaced', () => {
    expect(pathOf('a\ud800b')).toBe('a%EF%BF%BDb')
  })
})
