import { afterEach, expect, test, vi } from 'vitest'
import { Text } from '../../src/detect/text.js'

const wholes = ['', 'a', 'née 电话 \u{1f600} \ud800 lone', '\u202f'.repeat(3000), 'x'.repeat(300_000), 'short again']

afterEach(() => vi.unstubAllGlobals())

const units = (text: Text): number[] => Array.from({ length: text.length }, (_, at) => text.codeAt(at))
const unitsOf = (whole: string): number[] => Array.from({ length: whole.length }, (_, at) => whole.charCodeAt(at))

function isReadAs(text: Text, whole: string): void {
  text.open(whole)
  text.read()
  expect(units(text)).toEqual(unitsOf(whole))
  for (const beyond of [-16, -1, whole.length, whole.length + 15]) expect(text.codeAt(beyond)).toBe(0)
  text.close()
}

test('a text has the units of its string and zeros around them, whatever was read before it', () => {
  const text = new Text()
  for (const whole of wholes) isReadAs(text, whole)
})

test('so it has where there is no Buffer', async () => {
  vi.stubGlobal('Buffer', undefined)
  vi.resetModules()
  const { Text: Plain } = await import('../../src/detect/text.js')
  const text = new Plain()
  for (const whole of wholes) isReadAs(text, whole)
})

test('a prefix is found where it stands, and not beyond the ends', () => {
  const text = new Text()
  text.open('jdbc:x')
  text.read()
  expect(text.startsWith('jdbc:', 0)).toBe(true)
  expect(text.startsWith('jdbc:', -1)).toBe(false)
  expect(text.startsWith('xy', 5)).toBe(false)
})
