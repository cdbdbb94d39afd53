import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLabelled, readMarked } from '../../bench/detect/labelled.ts'
import { createDetector, type Detection, type Detector, loadDetector } from '../../src/detect/index.js'

const folder = new URL('../fixtures/pii/', import.meta.url)
const labelled = [
  ...readMarked(readFileSync(new URL('own.txt', folder), 'utf8')),
  ...readLabelled(fileURLToPath(new URL('presidio.jsonl', folder))).slice(0, 60),
]
const texts = labelled.map(({ text }) => text)

const values = labelled.flatMap(({ text, spans }) => spans.map(({ start, end }) => text.slice(start, end)))
const words = texts.flatMap((text) => text.split(/(?<=\s)/))
const marks = [
  ' ',
  '  ',
  '\n',
  '\t',
  ', ',
  '; ',
  ': ',
  ':',
  '=',
  '"',
  '\\n',
  '',
  '-',
  '/',
  '(',
  ') ',
  '|',
  '@',
  '…',
  '→',
  '\u00a0',
  'é',
]
const further = [
  'Data Source=x;',
  'Application Name=My Big App;',
  'May ',
  'born on ',
  '-----BEGIN PRIVATE KEY-----\n',
  'http://',
  'www.',
]

/** Values in whatever company, some of them broken off. */
const strewn = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...values) },
        { weight: 4, arbitrary: fc.constantFrom(...words) },
        { weight: 1, arbitrary: fc.constantFrom(...further) },
      ),
      fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.constantFrom(...marks),
    ),
    { minLength: 1, maxLength: 7 },
  )
  .map((parts) => parts.map(([part, kept, mark]) => part.slice(0, Math.ceil(kept * part.length)) + mark).join(''))
  .filter((text) => text.length <= 400)

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

/** What a stream finds that lets go of what is decided, and remembers of it what may tell what follows. */
function foundInPieces(detector: Detector, pieces: readonly string[]): Detection[] {
  const found: Detection[] = []
  let before = ''
  let held = ''
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    held += piece
    const around = before + held
    const safe = index === pieces.length - 1 ? around.length : detector.safeEnd(around)
    const moved = at - before.length
    for (const { start, end, ...rest } of detector.detect(around))
      if (start >= before.length && start < safe) found.push({ ...rest, start: start + moved, end: end + moved })
    const passed = Math.max(0, safe - before.length)
    before = around.slice(0, before.length + passed).slice(-detector.lookBehind)
    held = held.slice(passed)
    at += passed
  }
  return found
}

describe('the safe end of a text that goes on', () => {
  const detector = createDetector()

  test('nothing that follows changes what was decided, at every cut of every line', () => {
    for (const text of texts) expectSafe(detector, text)
  })

  test.each([
    [
      'pairs behind a word and a number',
      'can AndreaOlafsdottir@teleworm.us  (505)498-8487x6837 Server=tcp:x.example.net,1433;User ID=u;Password=p4ssw0rd!;Encrypt=True;',
    ],
    ['pairs behind an address', 'Ann@example.com ) Server=tcp:x.example.net;Initial Catalog=db;Password=p4ssw0rd!;'],
    ['pairs that have no name', 'AnnaMartins@fleckens.hu-getting =do  Server=x.example.net;User ID=u;Password=p4ssw0rd!;'],
    ['prose behind pairs', 'Server=x;Password=p4ssw0rd!; then tell everybody that it was a=b; and more'],
    ['a long name of an application', 'Server=x;Application Name=My Rather Big Old Fancy App;Password=p4ssw0rd!;Encrypt=True;'],
    ['a number before a key', '01 42 68 53 00:-----BEGIN PRIVATE KEY-----\nMIIE'],
    ['a key that was cut', 'x\n-----BEGIN PRIVATE KEY-----\nMIIEbc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdqat | and'],
    ['a blank that is none', 'password: password: pass\u00a0word: and'],
    ['letters behind the mark of a long word', 'nMay-ext@example.org…,:AB 12 34 56 C\tand'],
    ['an address with an arrow', 'see http://example.com/a→b/c and'],
  ])('%s', (_, text) => {
    expectSafe(detector, text)
  })

  test('nothing that follows changes what was decided, whatever stands beside it', () => {
    fc.assert(
      fc.property(strewn, (text) => expectSafe(detector, text)),
      { numRuns: 150 },
    )
  })

  test('a text in pieces, however small, has in it what it has as a whole', () => {
    const pieces = strewn.chain((text) =>
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 }).map((sizes) => {
        const cut: string[] = []
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          cut.push(text.slice(at, at + size))
          at += size
        }
        return cut
      }),
    )
    fc.assert(
      fc.property(pieces, (pieces) => {
        expect(foundInPieces(detector, pieces)).toEqual(detector.detect(pieces.join('')))
      }),
      { numRuns: 400 },
    )
  })

  test('strings of the caller’s that overlap what else is found are one with it', () => {
    const own = createDetector({ deny: ['Project Falcon', 'com and', '12 34'] })
    for (const text of ['to ann@example.com and Project Falcon', 'AB 12 34 56 C com and 12 34 56 ann@example.com and'])
      expectSafe(own, text)
    fc.assert(
      fc.property(strewn, (text) => expectSafe(own, text)),
      { numRuns: 60 },
    )
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
