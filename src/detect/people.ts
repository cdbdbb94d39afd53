/**
 * Names of people, guessed: by what stands before them ("my name is", "Dear", "Mr"), by given names that are usual, and by endings
 * that surnames have. Everything is bounded, so that the time grows with the text and no faster.
 */
import { doubtfulNames, givenNames } from './given-names.js'
import type { Detection } from './types.js'

const words = (list: string) => new Set(list.split(/\s+/))

const part = String.raw`\p{Lu}(?:[\p{L}\p{M}]|(?:['’](?!s(?!\p{L}))|-)(?=\p{L})){0,29}`
const particle = `(?:van|von|vom|zu|de|der|den|del|della|di|da|dos|du|la|le|bin|ibn|al|el|ten|ter)`
/** Words with a capital, one blank apart, and what may stand between them: an initial's dot, "van der". */
const runs = new RegExp(
  String.raw`(?<![\p{L}\p{M}\p{N}_@/\\.$#&=<-])${part}(?:(?:(?<=(?<!\p{L})(?:\p{Lu}|[DMJS]r|Mrs|Ms|Prof|St))\.)?(?: ${particle}){0,2} ${part}){0,5}(?![\p{L}\p{M}\p{N}_@/\\$#=-]|\.\p{L}|\()`,
  'gu',
)
const nextPart = new RegExp(String.raw`${part}|[^\p{Lu}]{1,24}`, 'gu')

const titles = words(
  'mr mrs ms mx miss dr prof professor sir madam herr frau monsieur madame mme mlle señor señora sr sra signor signora',
)
/** Said to somebody, or of somebody. */
const greetings = words('dear hi hello hey hallo bonjour hola ciao liebe lieber cher chère thanks regards cheers sincerely')
/** What is no name, though it has a capital. */
const common = words(
  `a an the this that these those i you he she it we they my your his her its our their me him us them who whom what which when where why
  how if in on at by to of for from with without and or but not no yes so as is are was were be been do does did has have had can could
  will would shall should may might must let please note see also then than there here all any each some more most other another first
  second third last next new old good great best just only very too now today tomorrow yesterday monday tuesday wednesday thursday friday
  saturday sunday january february march april june july august september october november december mon tue wed thu fri sat sun jan feb
  mar apr jun jul aug sep sept oct nov dec after before about into over under between because while during since until unless although
  however therefore thus it's i'm i'd i'll i've we're you're he's she's they're that's there's what's who's let's don't can't user bot
  name names address email phone card account number date time hi hello hey dear thanks thank regards sincerely cheers best kind yours
  world everyone everybody all team there kitty folks friend friends guys ladies gentlemen person salesperson chairperson spokesperson reason
  lesson season comparison prison awarded hello goodbye sorry yes well attn contact patient customer client applicant employee manager
  director author songwriter producer founder tel fax mobile office desk box unit
  re fwd cc bcc subject ps ok okay oh ah well even still again both either neither one two three four five six seven eight nine ten`,
)
/** Of a firm, a place or a work: what they end is nobody's name. */
const institutions = words(
  `inc ltd llc llp plc corp corporation company co gmbh ag sa srl bv nv oy ab as group holdings bank university college school institute
  hospital clinic church museum library hotel airport station street avenue road lane drive boulevard square park bridge river lake island
  mountain valley bay beach city town village county state republic kingdom union league club team foundation association society
  agency department ministry office center centre court act law prize award cup festival theorem method test model algorithm server
  software systems system technologies technology services service solutions international airlines press news times post journal
  magazine records studio studios pictures entertainment theatre theater house tower building hall gate cathedral palace castle garden
  apt suite way creek cliffs bypass crescent terrace close place plads unlimited investments partners brothers sons gardens market plaza mall channel network api sdk framework library engine protocol license foundation day week year age war revolution`,
)
/** Before it a given name is of a place, or of a street. */
const places = words(
  'san santa são sankt saint st port mount fort lake rue avenue avda via viale calle rua plaza piazza place boulevard paseo cours praça',
)
/** Of surnames, and of little else. */
const endings =
  /(?:dóttir|dottir|sson|ssen|[nlrdt]sen|[nlrdk]son|ović|ević|čić|ić|enko|chuk|czyk|wicz|owski|ewski|inski|ński|ská|ský|ová|ova|eva|ina|yan|ström|qvist|kvist|gren|berg|stein|mann|meier|meyer|bauer|ides|opoulos|akis|ez|escu|oğlu|shvili|ashvili|khayev|ayev|anov|inov|ikov|akov|asov|arov|usov|imov|amov|ymov|onov|enov|ekov|ukov)$/u
/** Sure enough to tell a surname that stands alone. */
const sure = /(?:dóttir|dottir|sson|ović|ević|čić|chuk|czyk|owski|ewski|ński|ström|qvist|kvist|opoulos|shvili|oğlu)$/u

const lookBehind = 40
const lookAhead = 16
/** What stands directly before a name. */
const cue =
  /(?:\b(?:name(?:'s| is| was|\?)|named|call(?:s|ed)? (?:me|him|her|himself|herself)|my (?:kid|son|daughter|wife|husband|partner|brother|sister|mother|father|uncle|aunt|cousin|boss|friend|colleague|neighbou?r|doctor|roommate|boyfriend|girlfriend)|signed|(?:directed|written|founded|composed|painted|sung|invented|produced) by:?|starring|on behalf of|assistant to|tribute to|sincerely,|regards,|cheers,|yours,)\s{1,4}["'“]?|[,!?"”]\s(?:says?|said|asked|replied|added)\s)$/i
/** Weaker: what follows has to be of two words. */
const weakCue =
  /(?:\b(?:i am|i'm|this is|meet|named?:|attn:?|contact:?|patient|customer|client|applicant|employee|manager|director|author|songwriter|producer|founders?:|user:)\s{1,4}["'“]?)$/i
const titleBefore = /\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Sr|Sra)\.?\s{1,3}$/
const firmAfter = /^ (?:and|&) (?:Sons|Co|Company|Partners|Associates|Brothers)\b/
/** What stands directly behind a name. */
const afterCue =
  /^(?:'s (?:daughter|son|wife|husband|mother|father|brother|sister|boss|birthday|address|phone|e-?mail|kids?|children)\b| (?:lives|lived|was born|shouted|whispered|replied|smiled|told me)\b)/
const placeBefore =
  /(?:^|[^\p{L}])(?:san|santa|são|sankt|saint|st\.?|port|mount|fort|lake|rue|avenue|avda\.?|via|viale|calle|c\/|rua|r\.|plaza|piazza|place|boulevard|paseo|ul\.|cours|praça)\s$/iu

/** Without a capital, nothing but these words tells a name. */
const lowCue =
  /\b(?:my name is|my name's|my name:|name is|i am called|call me)\s{1,2}(\p{Ll}[\p{L}\p{M}'’-]{1,24}(?:\s\p{Ll}[\p{L}\p{M}'’-]{1,24})?)/giu

export const longestPerson = 200

export function people(text: string): Detection[] {
  const found: Detection[] = []
  for (const { 0: run, index } of text.matchAll(runs)) {
    const person = /\p{Ll}/u.test(run) ? personIn(run, index, text) : undefined
    if (person) found.push(person)
  }
  for (const { 0: said, 1: name = '', index } of text.matchAll(lowCue)) {
    const [first = '', last] = name.split(/\s/)
    if (common.has(first) || (!givenNames.has(first) && !endings.test(first))) continue
    const start = index + said.length - name.length
    const end = start + (last === undefined || common.has(last) ? first.length : name.length)
    found.push({ type: 'PERSON', start, end, confidence: 0.7 })
  }
  return found
}

interface Part {
  readonly word: string
  readonly low: string
  readonly start: number
  readonly end: number
}

/** Undefined for a run of words that nobody seems to be called by. */
function personIn(run: string, index: number, text: string): Detection | undefined {
  const { parts, told } = named(partsOf(run, index))
  const [first] = parts
  const last = parts.at(-1)
  if (!first || !last || parts.length > 4 || !isWritten(parts) || parts.some(({ low }) => institutions.has(low))) return undefined
  const before = text.slice(Math.max(0, first.start - lookBehind), first.start)
  const after = text.slice(last.end, last.end + lookAhead)
  if (placeBefore.test(before) || firmAfter.test(after)) return undefined
  const person = (from: Part, confidence: number): Detection => ({ type: 'PERSON', start: from.start, end: last.end, confidence })
  const cued =
    first.start === index && (cue.test(before) || titleBefore.test(before) || (parts.length > 1 && weakCue.test(before)))
  if (told || cued || afterCue.test(after)) return person(first, 0.8)
  const at = parts.findIndex(({ low }) => givenNames.has(low) || doubtfulNames.has(low))
  const given = parts[at]
  if (places.has(parts[at - 1]?.low ?? '')) return undefined
  if (given && at < parts.length - 1) return person(given, givenNames.has(given.low) ? 0.75 : 0.6)
  if (given && givenNames.has(given.low)) return person(given, 0.55)
  const initial = parts.length > 2 && parts.slice(1, -1).every(({ word }) => word.length === 1)
  const shouted = parts.some(({ word }) => word.length > 1 && word === word.toUpperCase())
  if (parts.length > 1 && !shouted && (initial || endings.test(last.low))) return person(first, 0.55)
  return parts.length === 1 && last.word.length > 5 && sure.test(last.low) ? person(first, 0.5) : undefined
}

/** Without what stands around a name, and whether that tells of one. */
function named(all: readonly Part[]): { readonly parts: readonly Part[]; readonly told: boolean } {
  const isBefore = ({ low }: Part) => common.has(low) || titles.has(low) || greetings.has(low)
  const found = all.findIndex((part) => !isBefore(part))
  const from = found === -1 ? all.length : found
  const to = all.findLastIndex(({ low }) => !common.has(low)) + 1
  const prior = all[from - 1]?.low ?? ''
  return { parts: all.slice(from, Math.max(from, to)), told: titles.has(prior) || greetings.has(prior) }
}

/** Neither all in capitals, as constants and headings are, nor with one in its middle, as names in code have. */
const isWritten = (parts: readonly Part[]) =>
  parts.some(({ word }) => word.length > 1 && word !== word.toUpperCase()) &&
  parts.every(({ word }) => !/\p{Ll}\p{Lu}/u.test(word) || /^(?:Ma?c|De|Di|D[ua]|L[aeo]|Fitz|Van)\p{Lu}\p{Ll}+$/u.test(word))

function partsOf(run: string, index: number): Part[] {
  return Array.from(run.matchAll(nextPart), ({ 0: word, index: at }) => ({
    word,
    low: word.toLowerCase(),
    start: index + at,
    end: index + at + word.length,
  })).filter(({ word }) => /^\p{Lu}/u.test(word))
}
