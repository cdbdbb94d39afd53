import { expect } from 'vitest'
import { marked } from '../../bench/detect/labelled.ts'
import { createDetector, type DetectOptions } from '../../src/detect/index.js'

const plain = createDetector()

/** What is marked, `{{TYPE|value}}`, is found, and nothing else is. */
export function expectFound(sources: readonly string[], options?: DetectOptions): void {
  const detector = options === undefined ? plain : createDetector(options)
  for (const source of sources) {
    const { text } = marked(source)
    const found = detector.detect(text)
    let shown = ''
    let from = 0
    for (const { type, start, end } of found) {
      shown += `${text.slice(from, start)}{{${type}|${text.slice(start, end)}}}`
      from = end
    }
    expect(shown + text.slice(from)).toBe(source)
  }
}
