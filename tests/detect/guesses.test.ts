/** Names of people and street addresses: a guess, asked for by name. How often it is right is in docs/redaction.md. */
import { beforeAll, describe, expect, test } from 'vitest'
import { atoms, drawn, repeated } from '../../bench/detect/adversarial.ts'
import { marked } from '../../bench/detect/labelled.ts'
import { createDetector, type Detector, loadDetector } from '../../src/detect/index.js'

let detector: Detector
beforeAll(async () => {
  detector = await loadDetector({ types: ['PERSON', 'ADDRESS'] })
})

function shown(text: string): string {
  let out = ''
  let from = 0
  for (const { type, start, end } of detector.detect(text)) {
    out += `${text.slice(from, start)}{{${type}|${text.slice(start, end)}}}`
    from = end
  }
  return out + text.slice(from)
}

describe('a person', () => {
  test.each([
    'My name is {{PERSON|Tomiko Bragadóttir}}, thanks.',
    'my name is {{PERSON|katrin}} and I would like to pay',
    'Dear Mr. {{PERSON|Okonkwo}},',
    'Ask {{PERSON|Jeroen van der Meer}} about it.',
    'Yesterday {{PERSON|Sarah O’Brien}} wrote to {{PERSON|Wojciech}}.',
    'We met {{PERSON|George W. Harrell}} in May.',
    'Sincerely,\n{{PERSON|Ulla Lindqvist}}\nHead of Sales',
    'my daughter {{PERSON|Xochitl}} is six',
    "{{PERSON|Zlatica}}'s mother called",
    'I spoke to {{PERSON|Grace Hopper}} about grace.',
    '"No," said {{PERSON|Aurelio}} and left.',
  ])('is told by a word before it, by a given name, or by the ending of a surname: %s', (source) => {
    expect(shown(marked(source).text)).toBe(source)
  })

  test.each([
    'The May release of Ruby is out; Mark the date, and hope for Grace.',
    'Hello World. Hi there! Dear Customer, Dear Sir or Madam,',
    'Wells Bank Inc and Thomas and Sons met in Santa Barbara and Port Edward.',
    'Use InvokeModel. Needs AWS Credentials. See README.',
    'const Sarah_Test = new Anna.Client(); import Laura_ from "@Laura/Anna"',
    'Charlotte, Florence and Victoria are lovely towns in Georgia.',
    'HEADING IN CAPITALS FOR MICHAEL',
  ])('is not every word with a capital: %s', (text) => {
    expect(shown(text)).toBe(text)
  })
})

describe('an address', () => {
  test.each([
    'It went to {{ADDRESS|1600 Pennsylvania Avenue, Springfield, IL 62701}} last night.',
    'Come to {{ADDRESS|221b Baker Street, London NW1 6XE}}.',
    'Wir wohnen in der {{ADDRESS|Bahnhofstraße 12a, 10115 Berlin}}.',
    'Adresse : {{ADDRESS|14 rue de la République, 69001 Lyon}}.',
    'Sta in {{ADDRESS|Via Giuseppe Verdi 8}} e basta',
    'Ligger på {{ADDRESS|Björkvägen 55}} i byn',
    'Write to {{ADDRESS|P.O. Box 1234}} please',
    'mail {{ADDRESS|PSC 5605, Box 8122\nAPO AP 96504}} now',
    'The postcode is {{ADDRESS|SW1A 1AA}}.',
    'to {{ADDRESS|350 5th Ave\nApt. 12\nNew York, NY 10118}}\nthanks',
  ])('is told by its form, to its end: %s', (source) => {
    expect(shown(marked(source).text)).toBe(source)
  })

  test.each([
    'It took 3 Tries on 12 Machines, 5 per Second.',
    'See section 4 and Unit 5, Room 12, Box 3.',
    'In 2024 the Road to 100 Million was long.',
    'HTTP 404 Not Found, 12345 Requests',
  ])('is not every number before a word: %s', (text) => {
    expect(shown(text)).toBe(text)
  })
})

test('neither is looked for unless it is asked for, nor beside a recogniser of the caller’s own', async () => {
  const text = 'My name is Sarah Smith, 12 Baker Street.'
  expect(createDetector().detect(text)).toEqual([])
  expect((await loadDetector()).detect(text)).toEqual([])
  const own = await loadDetector({ types: ['PERSON'], ner: () => [{ type: 'PERSON', start: 0, end: 2, confidence: 1 }] })
  expect((await own.detectAll(text)).map(({ start, end }) => [start, end])).toEqual([[0, 2]])
})

test('what was decided of a text that goes on stands when the rest has come', () => {
  const text =
    'Dear Mr. Okonkwo, it went to 350 5th Ave, Apt. 12, New York, NY 10118, where Sarah van der Berg lives. ' +
    'Nothing else was said about it by anybody who came to the house in those years, and so it was left as it had been before. '.repeat(
      8,
    ) +
    'Thanks, Wojciech Kowalczyk\nBahnhofstraße 12a, 10115 Berlin\n'
  const whole = detector.detect(text)
  expect(whole).toHaveLength(5)
  for (let cut = 0; cut <= text.length; cut++) {
    const head = text.slice(0, cut)
    const safe = detector.safeEnd(head)
    const decided = whole.filter(({ start }) => start < safe)
    expect(detector.detect(head).filter(({ start }) => start < safe)).toEqual(decided)
    for (const { end } of decided) expect(end).toBeLessThanOrEqual(safe)
    expect(head.length - safe).toBeLessThanOrEqual(detector.maxLength)
  }
})

test('a text that looks like nothing but their beginnings is read to its end', () => {
  const beginnings = [
    'A ',
    'É ',
    '1 A ',
    'Rue de la ',
    '1 N N N N ',
    'Mr ',
    'my name is a ',
    'Aaa van der ',
    "A'",
    '1, A St, ',
    'Q~',
  ]
  const texts = [...beginnings, ...atoms].map((atom) => repeated(atom, 4000))
  for (const text of [...texts, ...Array.from({ length: 20 }, (_, seed) => drawn(seed, 4000))]) {
    const end = `${text}\nMy name is Sarah Smith`
    expect(detector.detect(end).at(-1)?.end).toBe(end.length)
  }
})
