/** The way out: finds values in all texts of a request and puts something else in their place. */
import type { JsonObject } from '../../core/json.js'
import type { Detection, Detector, EntityType } from '../../detect/index.js'
import type { Lens, TextKind } from '../../protocols/protocol.js'
import type { Counts } from './counts.js'
import { areFew, findFew } from './few.js'
import { labelOf, typeOf } from './labels.js'
import type { RedactMode } from './options.js'
import { type Hasher, masked } from './replacement.js'
import { signedIn } from './signed.js'
import { Sweep } from './sweep.js'
import { mostEncoded, spellingIn, unencoded, variantsOf } from './variants.js'
import type { Vault } from './vault.js'
import { type Place, type View, viewOf, writtenAs } from './view.js'

export interface RequestContext {
  readonly lens: Lens
  readonly modes: ReadonlyMap<EntityType, RedactMode>
  readonly detector: Detector
  /** The detector has somebody to ask who may be slow. */
  readonly slow: boolean
  readonly hasher: Hasher | undefined
  readonly descriptions: boolean
}

export interface Redacted {
  /** The same object when nothing was put in anything's place. */
  readonly body: JsonObject
  /** What was replaced, by type. */
  readonly counts: Counts
  /** What was found and left where it was. */
  readonly annotated: Counts
  /** What may not leave. The body is as it came then. */
  readonly blocked: Counts
}

/** Something to be put in the place of a value. */
interface Found extends Place {
  readonly type: EntityType
  readonly label: string
  readonly mode: RedactMode
}

interface Text {
  readonly text: string
  readonly view: View
  readonly found: Found[]
}

export async function redactRequest(body: JsonObject, vault: Vault, context: RequestContext): Promise<Redacted> {
  const texts = new Map<string, Text>()
  const counted = { annotated: {} as Counts, blocked: {} as Counts }
  const signed = signedIn(body)
  for (const [text, isThought] of textsIn(body, context))
    texts.set(text, isThought && signed.has(text) ? { text, view: viewOf(text), found: [] } : await look(text, context, counted))
  const { annotated, blocked } = counted
  if (Object.keys(blocked).length > 0) return { body, counts: {}, annotated, blocked }
  const foundIn = () => [...texts.values()].flatMap(({ found }) => found)
  const known = [...vault.remembered.map(remembered), ...foundIn()]
  if (known.length > 0) sweep(texts.values(), known)
  const found = foundIn()
  if (found.length > 0 || !vault.isEmpty)
    vault.avoid(
      JSON.stringify(body),
      found.map(({ label }) => label),
    )
  if (found.length === 0) return { body, counts: {}, annotated, blocked }
  const counts: Counts = {}
  const replaced = new Map<string, string>()
  for (const { text, found } of texts.values())
    if (found.length > 0) replaced.set(text, await rewritten(text, found, vault, context))
  const redacted = context.lens.replaceRequest(body, (text, kind) => {
    if (!isLookedAt(kind, context)) return text
    for (const { type } of texts.get(text)?.found ?? []) counts[type] = (counts[type] ?? 0) + 1
    return replaced.get(text) ?? text
  })
  return { body: redacted, counts, annotated, blocked }
}

const isLookedAt = (kind: TextKind, { descriptions }: RequestContext) => descriptions || kind !== 'description'

/** Each text once, and whether it is nothing but a thought. */
function textsIn(body: JsonObject, context: RequestContext): Map<string, boolean> {
  const texts = new Map<string, boolean>()
  context.lens.replaceRequest(body, (text, kind) => {
    if (isLookedAt(kind, context)) texts.set(text, kind === 'reasoning' && texts.get(text) !== false)
    return text
  })
  return texts
}

async function look(
  text: string,
  { detector, slow, modes }: RequestContext,
  { annotated, blocked }: { readonly annotated: Counts; readonly blocked: Counts },
): Promise<Text> {
  const view = viewOf(text)
  const found: Found[] = []
  for (const detection of slow ? await detector.detectAll(view.text) : detector.detect(view.text)) {
    const mode = modes.get(detection.type)
    if (mode === undefined) continue
    const noted = mode === 'annotate' ? annotated : mode === 'block' ? blocked : undefined
    if (noted) noted[detection.type] = (noted[detection.type] ?? 0) + 1
    else found.push(...placed(view, detection, mode))
  }
  return { text, view, found }
}

function placed(view: View, detection: Detection, mode: RedactMode): Found[] {
  const { start, end, type } = detection
  return view.places(start, end).map((place) => ({ ...place, type, label: labelOf(detection), mode }))
}

/** Of an earlier call of the conversation. */
function remembered([value, label]: readonly [string, string]): Found {
  return { start: 0, end: value.length, value, as: 'plain', type: typeOf(label), label, mode: 'reversible' }
}

/** What was found once is replaced wherever it stands, also where nothing tells what it is, and in other spellings. */
function sweep(texts: Iterable<Text>, found: readonly Found[]): void {
  const origins = new Map<string, Found>()
  const values = new Map(found.map((one) => [one.value, one]))
  const looked = [...texts]
  const spelling = values.size <= mostEncoded ? spellingIn(looked.map(({ view }) => view.text)) : unencoded
  for (const [value, one] of values)
    for (const variant of variantsOf(value, spelling)) if (!origins.has(variant)) origins.set(variant, one)
  if (origins.size === 0) return
  const all = [...origins.values()]
  const strings = [...origins.keys()]
  let table: Sweep | undefined
  for (const { view, found } of looked) {
    const hits = areFew(strings, view.text) ? findFew(strings, view.text) : (table ??= new Sweep(strings)).find(view.text)
    const more = hits.flatMap(({ start, end, index }) => {
      const { type, label, mode } = all[index] as Found
      if (type === 'PERSON' && !isWhole(view.text, start, end)) return []
      return view.places(start, end).map((place) => ({ ...place, type, label, mode }))
    })
    if (more.length > 0 && !areSame(more, found)) found.splice(0, found.length, ...united(found, more))
  }
}

function areSame(more: readonly Found[], found: readonly Found[]): boolean {
  return more.length === found.length && more.every(({ start, end }, at) => start === found[at]?.start && end === found[at]?.end)
}

/** A name within a longer word is another word: "Chris" in "Christmas". */
function isWhole(text: string, start: number, end: number): boolean {
  return !/[\p{L}\p{N}]$/u.test(text.slice(Math.max(0, start - 2), start)) && !/^[\p{L}\p{N}]/u.test(text.slice(end, end + 2))
}

/** In the order of the text. What was swept up gives way to what was found where it stands. */
function united(found: readonly Found[], more: readonly Found[]): Found[] {
  const all = [...found.map((one) => ({ one, first: true })), ...more.map((one) => ({ one, first: false }))]
  all.sort((a, b) => a.one.start - b.one.start || Number(b.first) - Number(a.first))
  const kept: typeof all = []
  for (const next of all) {
    const last = kept.at(-1)
    if (last && next.one.start < last.one.end) {
      if (last.first || !next.first) continue
      kept.pop()
    }
    kept.push(next)
  }
  return kept.map(({ one }) => one)
}

async function rewritten(text: string, found: readonly Found[], vault: Vault, { hasher }: RequestContext): Promise<string> {
  const pieces: string[] = []
  let from = 0
  for (const { start, end, value, as, type, label, mode } of found) {
    pieces.push(text.slice(from, start))
    const put =
      mode === 'reversible'
        ? vault.placeholder(value, label)
        : mode === 'mask'
          ? masked(value, type)
          : mode === 'hash'
            ? `<${label}_${await hasher?.hash(value)}>`
            : ''
    pieces.push(writtenAs(as, put))
    from = end
  }
  pieces.push(text.slice(from))
  return pieces.join('')
}
