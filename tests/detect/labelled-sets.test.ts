import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readLabelled, readMarked, score } from '../../bench/detect/labelled.ts'
import { createDetector } from '../../src/detect/index.js'
import { expectFound } from './expect-found.js'

const folder = new URL('../fixtures/pii/', import.meta.url)
const detector = createDetector()

/** F1 that is promised for each type: docs/redaction.md. */
const promised = {
  EMAIL_ADDRESS: 0.98,
  US_SSN: 0.98,
  URL: 0.98,
  CREDIT_CARD: 0.96,
  IBAN_CODE: 0.96,
  IP_ADDRESS: 0.93,
  PHONE_NUMBER: 0.75,
}

describe('on labelled sentences of others', () => {
  const scores = score(readLabelled(fileURLToPath(new URL('presidio.jsonl', folder))), (text) => detector.detect(text))
  for (const [type, least] of Object.entries(promised)) {
    test(`${type} is found as well as promised`, () => {
      const found = scores.find((it) => it.type === type)
      expect(found?.labelled).toBeGreaterThan(10)
      expect(found?.f1).toBeGreaterThanOrEqual(least)
    })
  }
})

describe('on lines of our own', () => {
  const [data = '', nothing = ''] = readFileSync(new URL('own.txt', folder), 'utf8').split(/^--- .*\n/m)

  test('every marked value is found, and nothing else', () => {
    const missed = readMarked(data).filter(({ text, spans }) => {
      const found = detector.detect(text).map(({ type, start, end }) => ({ type, start, end }))
      return JSON.stringify(found) !== JSON.stringify(spans.map(({ type, start, end }) => ({ type, start, end })))
    })
    expect(missed.map(({ text }) => text)).toEqual([])
  })

  test('nothing is found where nobody is', () => {
    expectFound(nothing.split('\n'))
  })
})
