import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { atoms, plain } from '../../bench/detect/adversarial.ts'
import { createDetector, detect, entityTypes, loadDetector } from '../../src/detect/index.js'
import { expectFound } from './expect-found.js'

const samples = [
  'a@b.io',
  '4242424242424242',
  '4111 1111 1111 1111',
  'DE89 3704 0044 0532 0130 00',
  '219-09-9999',
  'ssn 536221234',
  '203.0.113.42',
  'fe80::1',
  'https://example.com/a',
  '+33612345678',
  '(212) 555-0187',
  'phone 555 1234',
  'born 12 May 1990',
  'password=hunter22',
  'JG103759A',
  '00:1B:44:11:3A:B7',
  'postgres://app:pa55w0rd@db/app',
  'order 1234567890',
]
const text = fc
  .array(fc.oneof(fc.constantFrom(...samples), fc.constantFrom(...atoms), fc.string({ maxLength: 12, unit: 'binary' })), {
    maxLength: 20,
  })
  .chain((parts) => fc.constantFrom(parts.join(' '), parts.join(''), parts.join('\n')))

describe('what is found', () => {
  const detector = createDetector()

  test('lies in the text, in its order, and no part of it twice', () => {
    fc.assert(
      fc.property(text, (it) => {
        let from = 0
        for (const { type, start, end, confidence } of detector.detect(it)) {
          expect(start).toBeGreaterThanOrEqual(from)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(it.length)
          expect(confidence).toBeGreaterThanOrEqual(0.5)
          expect(confidence).toBeLessThanOrEqual(1)
          expect(entityTypes).toContain(type)
          from = end
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('is the same each time', () => {
    fc.assert(
      fc.property(text, (it) => {
        expect(detector.detect(it)).toEqual(createDetector().detect(it))
      }),
    )
  })

  test('does not depend on what is out of reach', () => {
    const apart = `\n\n${plain(400)}\n\n`
    fc.assert(
      fc.property(text, text, (one, other) => {
        fc.pre(!one.includes('-----BEGIN') && !other.includes('-----BEGIN'))
        const shift = one.length + apart.length
        const moved = detector.detect(other).map((it) => ({ ...it, start: it.start + shift, end: it.end + shift }))
        expect(detector.detect(one + apart + other)).toEqual([...detector.detect(one), ...moved])
      }),
      { numRuns: 1000 },
    )
  })

  test('a value between words is found whatever the words', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(fc.emailAddress(), fc.constantFrom('com', 'org', 'museum'))
          .map(([address, top]) => `${address.slice(0, address.lastIndexOf('.'))}.${top}`)
          .filter((it) => /^[a-z][\w.+-]*@[\w.-]+\.(?:com|org|io|museum)$/.test(it)),
        (address) => {
          expect(detector.detect(`Write to ${address} today`).map(({ start, end }) => [start, end])).toEqual([
            [9, 9 + address.length],
          ])
        },
      ),
    )
  })
})

describe('options', () => {
  test('only the types that are asked for are found', () => {
    expectFound(['a@b.io {{IP_ADDRESS|203.0.113.42}}'], { types: ['IP_ADDRESS'] })
    expectFound(['a@b.io 203.0.113.42'], { types: [] })
  })

  test('each type can be looked for alone', () => {
    for (const type of entityTypes) {
      const alone = createDetector({ types: [type] })
      for (const sample of samples) for (const found of alone.detect(sample)) expect(found.type).toBe(type)
    }
  })

  test('what is less sure than asked for is dropped', () => {
    expectFound(['{{EMAIL_ADDRESS|a@b.io}} or (11) 4706-6184'], { minConfidence: 0.9 })
    expectFound(['at {{IP_ADDRESS|1.2.3.4}}'], { minConfidence: 0.2 })
  })

  test('words of the caller’s own tell what a value is', () => {
    expectFound(['durchwahl {{PHONE_NUMBER|555 1234}}'], { context: { PHONE_NUMBER: ['Durchwahl'] } })
    expectFound(['durchwahl 555 1234'])
  })

  test('a denied string is found wherever it stands, and an allowed one nowhere', () => {
    expectFound(['x{{CUSTOM|Falcon}}y {{CUSTOM|Falcon}}, falcon'], { deny: ['Falcon'] })
    expectFound(['{{CUSTOM|aaaa}}b'], { deny: ['aa'] })
    expectFound(['me@b.io, {{EMAIL_ADDRESS|you@b.io}}'], { allow: ['me@b.io'] })
  })

  test('wrong options are refused with what to do', () => {
    expect(() => createDetector({ types: ['E_MAIL' as never] })).toThrow('There is no type "E_MAIL"')
    expect(() => createDetector({ minConfidence: 2 })).toThrow('from 0 to 1')
    expect(() => createDetector({ context: { EMAIL_ADDRESS: ['mail'] } })).toThrow('needs no words')
    expect(() => createDetector({ patterns: [{ name: 'p', pattern: 'a' }] })).toThrow('loadDetector')
  })

  test('a recogniser of the caller’s own is asked by detectAll alone, and its offsets are checked', async () => {
    const ner = () => [{ type: 'PERSON', start: 0, end: 3, confidence: 0.8 }] as const
    const detector = createDetector({ ner })
    expect(detector.detect('Ada a@b.io')).toHaveLength(1)
    expect((await detector.detectAll('Ada a@b.io')).map(({ type }) => type)).toEqual(['PERSON', 'EMAIL_ADDRESS'])
    await expect(detector.detectAll('')).rejects.toThrow('offsets outside the text')
    const surer = createDetector({ ner, minConfidence: 0.9 })
    expect((await surer.detectAll('Ada a@b.io')).map(({ type }) => type)).toEqual(['EMAIL_ADDRESS'])
  })
})

describe('patterns', () => {
  test('a pattern is found with its name, from its confidence on', async () => {
    const detector = await loadDetector({ patterns: [{ name: 'ticket', pattern: String.raw`T-\d{4}`, flags: 'i' }] })
    expect(detector.detect('see t-1234')).toEqual([{ type: 'CUSTOM', name: 'ticket', start: 4, end: 10, confidence: 0.9 }])
    const unsure = await loadDetector({ patterns: [{ name: 'ticket', pattern: 'T', confidence: 0.4 }] })
    expect(unsure.detect('T')).toEqual([])
  })

  test('a pattern with context words counts only after one of them', async () => {
    const detector = await loadDetector({ patterns: [{ name: 'badge', pattern: String.raw`\d{5}`, context: ['Badge'] }] })
    expect(detector.detect('badge 12345, 12345').map(({ start }) => start)).toEqual([6, 13])
    expect(detector.detect('room 12345')).toEqual([])
  })

  test('an allowed pattern has to match the whole of what was found', async () => {
    const detector = await loadDetector({ allow: [{ pattern: String.raw`.*@example\.com` }] })
    expect(detector.detect('a@example.com b@example.com.au').map(({ start }) => start)).toEqual([14])
  })

  test('a pattern that would never end elsewhere takes its time in line with the text', async () => {
    const detector = await loadDetector({ patterns: [{ name: 'bomb', pattern: '(a+)+$' }] })
    expect(detector.detect(`${'a'.repeat(5000)}b`)).toEqual([])
  })

  test('a pattern that RE2 has not, or a flag, is refused by name', async () => {
    await expect(loadDetector({ patterns: [{ name: 'p', pattern: '(?=a)' }] })).rejects.toThrow('"p" is no RE2 pattern')
    await expect(loadDetector({ patterns: [{ name: 'p', pattern: 'a', flags: 'g' }] })).rejects.toThrow('has the flag "g"')
  })
})

test('detect is a detector with no options', () => {
  expect(detect('a@b.io')).toEqual(createDetector().detect('a@b.io'))
  expect(detect('a@b.io', { types: ['URL'] })).toEqual([])
})
