import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readLabelled, readMarked } from '../../bench/detect/labelled.ts'
import { createDetector, type Detector, loadDetector } from '../../src/detect/index.js'

const folder = new URL('../fixtures/pii/', import.meta.url)
const texts = [
  ...readMarked(readFileSync(new URL('own.txt', folder), 'utf8')),
  ...readLabelled(new URL('presidio.jsonl', folder).pathname).slice(0, 60),
].map(({ text }) => text)

/** At every cut, what was decided before it stands when the rest has come. */
function expectSafe(detector: Detector, text: string): void {
  const whole = detector.detect(text)
  for (let cut = 0; cut <= text.length; cut++) {
    const head = text.slice(0, cut)
    const safe = detector.safeEnd(head)
    const decided = whole.filter(({ start }) => start < safe)
    expect(
      detector.detect(head).filter(({ start }) => start < safe),
      `${head}|`,
    ).toEqual(decided)
    for (const { end } of decided) expect(end, `${head}|`).toBeLessThanOrEqual(safe)
  }
}

describe('the safe end of a text that goes on', () => {
  const detector = createDetector()

  test('nothing that follows changes what was decided, at every cut of every line', () => {
    for (const text of texts) expectSafe(detector, text)
  })

  test('a line of prose is let go but for its last words', () => {
    const text = 'The harbour lay quiet under a thin fog and nobody came for the'
    expect(text.length - detector.safeEnd(text)).toBeLessThan(20)
  })

  test('a key in armour is held from its first dash', () => {
    const text = 'The key:\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'
    expect(detector.safeEnd(text)).toBe(9)
  })

  test('no more is held than maxLength', () => {
    const text = '1'.repeat(3 * detector.maxLength)
    expect(text.length - detector.safeEnd(text)).toBeLessThanOrEqual(detector.maxLength)
  })

  test('the beginning of a denied string is held, and as much as a pattern may take', async () => {
    expect(createDetector({ types: [], deny: ['Project Falcon'] }).safeEnd('on\nProject Fal')).toBeLessThanOrEqual(3)
    const patterned = await loadDetector({ types: [], patterns: [{ name: 'p', pattern: 'a b', maxLength: 10 }] })
    expect(patterned.safeEnd('x'.repeat(50))).toBeLessThanOrEqual(40)
  })
})
