/**
 * Postal addresses, guessed by their forms: a number and a street in English, German, Dutch, Nordic and Romance order, boxes, military mail,
 * postcodes that look like nothing else, and what follows in the same address. Everything is bounded, so that the time grows with the text
 * and no faster.
 */
import type { Detection } from './types.js'

const start = String.raw`(?<![\p{L}\p{M}\p{N}_@/\\.$#=-])`
const end = String.raw`(?![\p{L}\p{M}\p{N}_])`
const inner = String.raw`[\p{L}\p{M}.'’-]`
const capital = String.raw`\p{Lu}${inner}{0,24}`
const number = String.raw`\d{1,5}(?:[-/]\d{1,4})?(?:[A-Za-z]| [A-D]| bis| ter)?`

const types = `(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Boulevard|Blvd|Highway|Hwy|Way|Terrace|Ter|Close|Crescent|Cres|Gardens|Mews|Parkway|Pkwy|Circle|Cir|Trail|Trl|Row|Grove|Walk|Quay|Esplanade|Parade|Turnpike|Expressway|Alley|Loop|Plaza|Bypass|Cliffs|Ridge|Hollow|Run|Creek)`
const english = String.raw`${number},? (?:(?:${capital}|\d{1,3}(?:st|nd|rd|th)|[NSEW]\.?) ){1,4}${types}${end}\.?`

const before = String.raw`(?:[Rr]ue|[Aa]venue|Av\.?|Avda\.?|Avenida|[Bb]oulevard|Bd\.?|[Vv]ia|Viale|Piazza|Piazzale|Corso|Vicolo|Calle|C/|Carrera|Paseo|Plaza|Rua|R\.?|Travessa|Praça|Largo|Estrada|[Cc]hemin|[Ii]mpasse|[Qq]uai|[Aa]llée|[Pp]lace|[Cc]ours|Strada|Str\.|ul\.|[Uu]lica|Aleja|al\.|Camino|Ctra\.?|Colonia|Cité)`
const small = `(?:d[aeiou]s?|d[eo]s|del|della|delle|dell'|degli|du|des|la|le|las|los|les|el|y|e|et|di)`
const romanceName = `(?:(?:${small} |[dl]['’]){0,3}${capital} ?){1,4}`
/** Behind a name; with five digits it is a postcode. */
const doorNumber = '\\d{1,4}[A-Za-z]?'
const romance = `(?:${number},? ${before} ${romanceName}(?:,? ${doorNumber})?|${before} ${romanceName},? ${doorNumber})${end}`

const ending = String.raw`(?:stra[sß]+e|str\.|gasse|weg|platz|allee|ufer|damm|brücke|steig|straat|laan|plein|gracht|kade|dreef|steeg|plaats|vej|gade|gatan|gata|vägen|väg|gränd|veien|vei|katu|tie|kuja|polku|götu|stræti|utca|ulice|ová|ova|vænget|toften|parken|haven|bakken|stien|marken|rinne|kaari|polder|singel|hof|pad)`
const germanic = `(?:${number},? )?\\p{Lu}${inner}{1,24}${ending} ${number}${end}`

/** Whatever it is called, between two numbers or behind words for an address. */
const cue = String.raw`(?<=\b(?:[Aa]ddress(?:es)?(?: is| to|:)?|[Ll]iv(?:es?|ed|ing) (?:at|on)|[Ll]ocated at|[Rr]esid(?:es?|ing) (?:at|on)|office is at|sent? (?:it |this |them |one |a new one )?to|[Dd]eliver(?:ed)? (?:it |this )?to|[Ss]hip(?:ped)? (?:it |this )?to|[Mm]ailed to|[Mm]ove[ds]? to|arrived at|taxi to|User:)\s{1,5})`
const cued = String.raw`${cue}(?:\d{1,5} )?(?:(?:${capital}|${small}) ){1,4}${number}${end}`

const box = String.raw`(?:(?:P\.? ?O\.? ?|Post Office )Box|Postfach|Postbus|Apartado(?: de Correos)?|Boîte [Pp]ostale|Casella [Pp]ostale) #?\d{1,6}${end}`
const military = String.raw`(?:(?:PSC|CMR|Unit) \d{3,5},? Box \d{2,5}|US[A-Z]{1,4} ${capital})\s{1,4}[ADF]PO A[AEP] \d{5}(?:-\d{4})?${end}`

const states = `(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])`
const american = String.raw`${capital}(?: ${capital}){0,2},? ${states},? \d{5}(?:-\d{4})?${end}`
const british = String.raw`[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRVWXY]) \d[ABD-HJLNP-UW-Z]{2}${end}`
const unit = String.raw`(?:Apt|Apartment|Suite|Ste)\.? #?\d{2,4}[A-Z]?${end}`

const forms: readonly (readonly [confidence: number, pattern: RegExp])[] = [
  [0.8, new RegExp(`${start}(?:${english}|${romance}|${germanic})`, 'gu')],
  [0.65, new RegExp(cued, 'gu')],
  [0.8, new RegExp(`${start}(?:${military}|${box})`, 'giu')],
  [0.7, new RegExp(`${start}${american}`, 'gu')],
  [0.6, new RegExp(`${start}${british}`, 'gu')],
  [0.5, new RegExp(`${start}${unit}`, 'gu')],
]

const gap = String.raw`(?:,\s{1,3}|\s{1,2}|\s{0,3}\n\s{0,5}(?:[>?,]{1,4}\s)?)`
/** What is surely of the same address. */
const solid = new RegExp(
  String.raw`${gap}(?:(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm)\.? #?\d{1,5}[A-Z]?|#\d{1,5}|${british}|(?:[A-Z]{1,2}-)?\d{4,6}(?:-\d{3,4})?|[A-Z]{2}(?: \d{5}(?:-\d{4})?)?)${end}`,
  'uy',
)
const word = String.raw`\p{Lu}[\p{L}\p{M}'’]{0,24}`
const name = String.raw`(?:St\. )?${word}(?:[ -](?:${word}|de|la|del|di|am|an der|and)){0,3}`
const over = String.raw`\s{0,3}(?:[,\n?.;)]|$`
const coded = new RegExp(String.raw`${gap}(?:[A-Z]{1,2}-)?\d{4,5} ${name}(?=${over}))`, 'uy')
/** A town or a country: where it ends the line, or stands between commas, or a postcode follows. */
const town = new RegExp(String.raw`${gap}${name}(?=${over}|\s(?:\d{4,6}${end}|[A-Z]{2} \d{5}|${british})))`, 'uy')
const mostParts = 6

export const longestAddress = 260

export function streets(text: string): Detection[] {
  const found: Detection[] = []
  for (const [confidence, pattern] of forms) {
    for (const { 0: core, index } of text.matchAll(pattern))
      found.push({ type: 'ADDRESS', start: index, end: whole(text, index + core.trimEnd().length), confidence })
  }
  return found
}

/** Where the address ends whose street ends here. */
function whole(text: string, from: number): number {
  let end = from
  for (let parts = 0; parts < mostParts; parts++) {
    const length =
      matchAt(coded, text, end) || matchAt(solid, text, end) || (parts > 0 || isMark(text[end]) ? matchAt(town, text, end) : 0)
    if (length === 0) break
    end += length
  }
  return end
}

/** A town stands behind a comma or on a line of its own. */
const isMark = (character: string | undefined) => character === ',' || character === '\n'

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
