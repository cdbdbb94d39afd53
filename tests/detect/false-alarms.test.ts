import { expect, test } from 'vitest'
import { innocent, negatives } from '../../bench/detect/negatives.ts'
import { createDetector } from '../../src/detect/index.js'

const detector = createDetector()

for (const { name, texts } of negatives()) {
  test(`two false alarms for each megabyte at most: ${name}`, () => {
    const alarms = texts.flatMap((text) =>
      detector
        .detect(text)
        .filter(({ type }) => !innocent.has(type))
        .map(({ type, start, end }) => `${type} ${text.slice(Math.max(0, start - 30), end)}`),
    )
    const megabytes = texts.reduce((sum, text) => sum + text.length, 0) / 1e6
    expect(megabytes).toBeGreaterThan(0.5)
    expect(alarms.length / megabytes, alarms.slice(0, 20).join('\n')).toBeLessThan(2)
  })
}
