import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WholeEvents } from '../../../src/protocols/framing/whole-events.js'

const bytes = (text: string) => new TextEncoder().encode(text)

test('what ends with an event is handed on as the very same bytes', () => {
  const whole = new WholeEvents()
  for (const chunk of [bytes('data: 1\n\n'), bytes('data: 2\r\n\r\ndata: 3\r\n\r\n'), bytes('data: 4\r\r')])
    expect(whole.push(chunk)).toBe(chunk)
  expect(whole.size).toBe(0)
  expect(whole.take()).toBeUndefined()
})

test('however it is cut, it passes in whole events, and nothing is lost', () => {
  const end = fc.constantFrom('\n\n', '\r\n\r\n', '\r\r')
  const event = fc.tuple(fc.stringMatching(/^data: [a-z]{0,9}$/), end).map((parts) => parts.join(''))
  const torn = fc.stringMatching(/^data: [a-z]{1,5}$/)
  fc.assert(
    fc.property(fc.array(event, { maxLength: 9 }), torn, fc.integer({ min: 1, max: 30 }), (events, torn, size) => {
      const stream = bytes(events.join('') + torn)
      const whole = new WholeEvents()
      const passed: string[] = []
      for (let at = 0; at < stream.length; at += size) {
        const some = whole.push(stream.subarray(at, at + size))
        if (some) passed.push(Buffer.from(some).toString())
      }
      for (const each of passed) expect(each).toMatch(/(?:\n\n|\r\n\r\n|\r\r)$/)
      expect(passed.join('')).toBe(events.join(''))
      expect(whole.size).toBe(torn.length)
      expect(Buffer.from(whole.take() ?? []).toString()).toBe(torn)
    }),
  )
})
