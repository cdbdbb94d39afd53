/**
 * How well and how fast personal data is found: precision, recall and F1 on a labelled set, false alarms where there is nothing to find, and
 * throughput beside what else npm has.
 *
 * node bench/detect.ts [folder with .jsonl of { id, text, spans: [{ start, end, type }] }]
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { keepConst } from '../scripts/keep-const.ts'
import { atoms, bolder, drawn, plain, repeated } from './detect/adversarial.ts'
import { readLabelled, score } from './detect/labelled.ts'
import { innocent, negatives } from './detect/negatives.ts'
import { install, installedPeers } from './detect/peers.ts'
import { inRounds, printRows, printTable, quantile } from './rounds.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = process.argv[2] ?? fileURLToPath(new URL('../tests/fixtures/pii', import.meta.url))

/** No entry of the package has the detector alone: it is bundled here as the package's own build does it. */
async function load(): Promise<typeof import('../src/detect/index.js')> {
  const { outputFiles } = await build({
    entryPoints: [`${root}src/detect/index.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    external: ['re2js', 'node:*'],
  })
  return import(`data:text/javascript,${encodeURIComponent(keepConst(outputFiles[0]?.text ?? ''))}`)
}

const { createDetector, entityTypes, loadDetector, optInTypes } = await load()
const detector = createDetector()
const set = readLabelled(folder)
const texts = set.map(({ text }) => text)
const one = texts.join('\n').slice(0, 100_000)
const bytes = (all: readonly string[]) => all.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
const percent = (part: number) => part.toFixed(3)

console.log(`Found in ${folder} (${set.length} texts), node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`)
const looked = new Set<string>(entityTypes.filter((type) => !optInTypes.includes(type)))
printTable(
  ['type', 'labelled', 'precision', 'recall', 'F1'],
  score(set, (text) => detector.detect(text))
    .filter(({ type, labelled }) => labelled > 0 && looked.has(type))
    .map(({ type, labelled, precision, recall, f1 }) => [type, `${labelled}`, percent(precision), percent(recall), percent(f1)]),
)

const guessing = await loadDetector({ types: optInTypes })
// The first half was at hand when the guesses were written, and the other was not looked at.
for (const [title, half] of [
  ['every other text, from the first on', 0],
  ['the others, held out', 1],
] as const) {
  console.log(`Guessed when asked for: ${title}\n`)
  const texts = set.filter((_, index) => index % 2 === half)
  printTable(
    ['type', 'labelled', 'precision', 'recall', 'F1'],
    score(texts, (text) => guessing.detect(text))
      .filter(({ type }) => optInTypes.some((it) => it === type))
      .map(({ type, labelled, precision, recall, f1 }) => [
        type,
        `${labelled}`,
        percent(precision),
        percent(recall),
        percent(f1),
      ]),
  )
}
printTable(
  ['guessed in', 'MB', 'ADDRESS', 'PERSON, most of them of authors that are named there', 'MB/s'],
  negatives().map(({ name, texts: clean }) => {
    const began = performance.now()
    const guessed = clean.flatMap((text) => guessing.detect(text))
    const seconds = (performance.now() - began) / 1000
    const of = (type: string) => `${guessed.filter((it) => it.type === type).length}`
    return [name, (bytes(clean) / 1e6).toFixed(1), of('ADDRESS'), of('PERSON'), (bytes(clean) / 1e6 / seconds).toFixed(0)]
  }),
)

printTable(
  ['nothing to find in', 'MB', 'false alarms', 'for each MB', 'of'],
  negatives().map(({ name, texts: clean }) => {
    const alarms = clean.flatMap((text) => detector.detect(text)).filter(({ type }) => !innocent.has(type))
    const size = bytes(clean) / 1e6
    const types = Object.entries(Object.groupBy(alarms, ({ type }) => type))
      .toSorted(([, a], [, b]) => b.length - a.length)
      .map(([type, all]) => `${all.length} ${type}`)
    return [name, size.toFixed(1), `${alarms.length}`, (alarms.length / size).toFixed(2), types.slice(0, 4).join(', ')]
  }),
)

const peers = await installedPeers()
const contenders = [{ name: 'leashllm', run: (text: string): unknown => detector.detect(text) }, ...peers]
if (peers.length === 0) console.log(`No peer is installed. To compare: ${install}\n`)
for (const [title, work, times] of [
  ['a short text per call', texts, 3],
  ['100 kB per call', [one], 5],
] as const) {
  const size = bytes(work) * times
  const rows = await inRounds(21, contenders, ({ run }) => {
    const before = process.cpuUsage()
    for (let time = 0; time < times; time++) for (const text of work) run(text)
    const { user, system } = process.cpuUsage(before)
    return size / (user + system)
  })
  printRows(title, 'MB/s', rows)
}

console.log(
  'What is meant to be slow, 100 kB of each: the slowest, against prose without a digit and against the labelled texts\n',
)
const length = 100_000
const drawnTexts = 100
const slowTexts = [
  ...atoms.map((atom) => ({ name: JSON.stringify(atom), text: repeated(atom, length) })),
  ...Array.from({ length: drawnTexts }, (_, seed) => ({ name: `drawn with seed ${seed}`, text: drawn(seed, length) })),
  ...Array.from({ length: drawnTexts }, (_, seed) => ({ name: `bolder with seed ${seed}`, text: bolder(seed, length) })),
]
const rows = await inRounds(
  15,
  [{ name: 'prose', text: plain(length) }, { name: 'labelled', text: repeated(one, length) }, ...slowTexts],
  ({ text }) => timeOf(text),
)
const least = (values: readonly number[]) => Math.min(...values)
const [prose = 0, labelled = 0, ...others] = rows.map(({ values }) => least(values))
const hostile = others.map((time, index) => ({ name: rows[index + 2]?.name ?? '', time })).toSorted((a, b) => b.time - a.time)
for (const [title, some] of [
  ['beginnings over and over, and mixed', hostile.filter(({ name }) => !name.startsWith('bolder'))],
  ['whole entities among them', hostile.filter(({ name }) => name.startsWith('bolder'))],
] as const) {
  const over = some.filter(({ time }) => time > 10 * prose).length
  console.log(
    `${some.length} texts, ${over} more than ten times prose, half less than ${(
      quantile(
        some.map(({ time }) => time),
        0.5,
      ) / prose
    ).toFixed(1)}\n`,
  )
  printTable(
    [title, '× prose', '× labelled'],
    some.slice(0, 8).map(({ name, time }) => [name, (time / prose).toFixed(1), (time / labelled).toFixed(1)]),
  )
}

console.log('Each detector by itself, with all of these texts\n')
printTable(
  ['type', 'slowest', '× prose', 'texts over ten times'],
  entityTypes
    .filter((type) => looked.has(type))
    .map((type) => {
      const { detect } = createDetector({ types: [type] })
      const leastOf = (text: string) => Math.min(...Array.from({ length: 15 }, () => timed(() => detect(text))))
      // V8 compiles meanwhile, by what all of them ask for.
      for (let time = 0; time < 2; time++) for (const { text } of slowTexts) detect(text)
      const own = leastOf(plain(length))
      const times = slowTexts
        .map(({ name, text }) => ({ name, ratio: leastOf(text) / own }))
        .toSorted((a, b) => b.ratio - a.ratio)
      const [slowest] = times
      return [type, slowest?.name ?? '', slowest?.ratio.toFixed(1) ?? '', `${times.filter(({ ratio }) => ratio > 10).length}`]
    }),
)

const large = [1, 2, 5, 10].map((megabytes) => ({ megabytes, text: repeated(texts.join('\n'), megabytes * 1e6) }))
printTable(
  ['one text of', 'ns for each character'],
  (
    await inRounds(
      3,
      large.map((it) => ({ ...it, name: `${it.megabytes} MB` })),
      ({ text }) => timeOf(text),
    )
  ).map(({ name, values }, index) => [name, ((least(values) * 1e6) / (large[index]?.text.length ?? 1)).toFixed(1)]),
)

function timeOf(text: string): number {
  return timed(() => detector.detect(text))
}

/** Milliseconds. */
function timed(work: () => unknown): number {
  const before = performance.now()
  work()
  return performance.now() - before
}
