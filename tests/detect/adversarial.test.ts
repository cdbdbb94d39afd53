import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { atoms, bolder, drawn, plain, repeated } from '../../bench/detect/adversarial.ts'
import { createDetector } from '../../src/detect/index.js'
import { Text } from '../../src/detect/text.js'

/**
 * What is counted is the work and not the time of it: characters that are read, one by one or cut out. Time is measured by bench/detect.ts.
 */
const platform = {
  charCodeAt: String.prototype.charCodeAt,
  slice: String.prototype.slice,
  indexOf: String.prototype.indexOf,
}
const own = { codeAt: Text.prototype.codeAt, read: Text.prototype.read }
let read = 0

beforeAll(() => {
  String.prototype.charCodeAt = function (index) {
    read++
    return platform.charCodeAt.call(this, index)
  }
  String.prototype.slice = function (start, end) {
    const part = platform.slice.call(this, start, end)
    read += part.length
    return part
  }
  String.prototype.indexOf = function (searched: string, position = 0) {
    const found = platform.indexOf.call(this, searched, position)
    read += (found === -1 ? this.length : found) - position
    return found
  }
  Text.prototype.codeAt = function (at) {
    read++
    return own.codeAt.call(this, at)
  }
  // It is copied as a whole.
  Text.prototype.read = function () {
    read += this.length
    own.read.call(this)
  }
})
afterAll(() => {
  Object.assign(String.prototype, platform)
  Object.assign(Text.prototype, own)
})

const detector = createDetector()

function readsOf(text: string): number {
  read = 0
  detector.detect(text)
  return read
}

const perCharacter = (text: string): number => readsOf(text) / text.length

const texts = [
  ...atoms.map((atom) => ({ name: JSON.stringify(atom), make: (length: number) => repeated(atom, length) })),
  ...Array.from({ length: 150 }, (_, seed) => ({
    name: `drawn with seed ${seed}`,
    make: (length: number) => drawn(seed, length),
  })),
]

describe('work', () => {
  test('plain text is read once', () => {
    expect(perCharacter(plain(20_000))).toBeLessThan(1.6)
  })

  test('grows with the length of a text and no faster, whatever the text', () => {
    const bold = Array.from({ length: 60 }, (_, seed) => ({
      name: `bolder with seed ${seed}`,
      make: (length: number) => bolder(seed, length),
    }))
    const worse = [...texts, ...bold].filter(({ make }) => readsOf(make(64_000)) > 4.4 * readsOf(make(16_000)) + 20_000)
    expect(worse.map(({ name }) => name)).toEqual([])
  })

  test('is no more than ten times that of plain text, whatever the text', () => {
    const most = 10 * perCharacter(plain(16_000))
    const worst = texts.map(({ name, make }) => ({ name, reads: perCharacter(make(16_000)) })).filter(({ reads }) => reads > most)
    expect(worst).toEqual([])
  })

  test('is shared by all who ask what stands before a number, where no word does', () => {
    for (const atom of ['01/02/2003 ', '078-05-1120 ', '1.1.1.1.', '4111 '])
      expect(perCharacter(repeated(atom, 16_000))).toBeLessThan(9)
  })

  test('the count sees a detector that reads on to the end from everywhere', () => {
    const quadratic = (text: string) => {
      read = 0
      for (let from = 0; from < text.length; from++) for (let at = from; at < text.length; at++) text.charCodeAt(at)
      return read
    }
    expect(quadratic(plain(400))).toBeGreaterThan(3.5 * quadratic(plain(200)))
  })
})

test('ten megabytes are read to their end', () => {
  const text = `${plain(10_000_000)}\nMail: last@example.com`
  expect(detector.detect(text).map(({ start }) => start)).toEqual([text.length - 'last@example.com'.length])
})
