/**
 * What looks for values by a caller's rules. To a detector what overlaps is one, and has the type of the longest: so what is only
 * counted is looked for apart, and what nobody asked for not at all, lest it hides what is to be taken out.
 */
import { type Detection, type DetectOptions, type Detector, type EntityType, loadDetector } from '../../detect/index.js'

type Looking = Omit<DetectOptions, 'types'>
type Recogniser = NonNullable<DetectOptions['ner']>

export async function detectorFor(modes: ReadonlyMap<EntityType, string>, looking: Looking): Promise<Detector> {
  const { ner, ...rest } = looking
  const shared = { ...rest, ...(ner && { ner: askedOnce(ner) }) }
  const noted = [...modes.keys()].filter((type) => modes.get(type) === 'annotate')
  const acted = [...modes.keys()].filter((type) => modes.get(type) !== 'annotate')
  const [first, second] = await Promise.all(
    [acted, noted].filter(({ length }) => length > 0).map((types) => loadDetector(forTypes(types, shared))),
  )
  if (!first) return loadDetector(forTypes([], shared))
  return second ? beside(first, second) : first
}

/** A caller's own words and patterns are always looked for, and a recogniser names what it likes. */
function forTypes(types: readonly EntityType[], { ner, deny, patterns, ...rest }: Looking): DetectOptions {
  return {
    ...rest,
    types,
    ...(types.includes('CUSTOM') && { ...(deny && { deny }), ...(patterns && { patterns }) }),
    ...(ner && { ner: async (text: string) => ((await ner(text)) ?? []).filter((one) => isMeant(one, text, types)) }),
  }
}

/** Who answers with nonsense is broken, whatever its type: that is for the detector to refuse. */
function isMeant({ type, start, end, confidence }: Detection, text: string, types: readonly EntityType[]): boolean {
  return types.includes(type) || !(start >= 0 && start < end && end <= text.length && confidence >= 0 && confidence <= 1)
}

/** Two who look at the same text ask for it once. */
function askedOnce(ner: Recogniser): Recogniser {
  const asked = new Map<string, Promise<readonly Detection[]>>()
  return (text) => {
    const known = asked.get(text)
    if (known) return known
    const found = (async () => ner(text))().finally(() => asked.delete(text))
    asked.set(text, found)
    return found
  }
}

function beside(acting: Detector, noting: Detector): Detector {
  return {
    detect: (text) => joined(acting.detect(text), noting.detect(text)),
    detectAll: async (text) => joined(...(await Promise.all([acting.detectAll(text), noting.detectAll(text)]))),
    safeEnd: (text) => Math.min(acting.safeEnd(text), noting.safeEnd(text)),
    mayBeginIn: (text, from) => acting.mayBeginIn(text, from) || noting.mayBeginIn(text, from),
    maxLength: Math.max(acting.maxLength, noting.maxLength),
    lookBehind: Math.max(acting.lookBehind, noting.lookBehind),
  }
}

/** In the order of the text; of those that overlap, what is done something about. */
function joined(acted: readonly Detection[], noted: readonly Detection[]): Detection[] {
  let at = 0
  const free = noted.filter(({ start, end }) => {
    while ((acted[at]?.end ?? Infinity) <= start) at++
    return (acted[at]?.start ?? Infinity) >= end
  })
  return [...acted, ...free].sort((a, b) => a.start - b.start)
}
