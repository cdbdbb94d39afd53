/** The house rules, each a function from the source to its breaches, so that each can be shown a breach. */
import type { Source } from './source.js'

/** From the ground up. The files that stand in `src` itself are one room, `faces`, but for the door `index.ts`. */
const floors: readonly (readonly string[])[] = [
  ['core'],
  ['protocols', 'detect'],
  ['middleware', 'control', 'stores', 'providers', 'transport', 'catalog', 'config', 'ledger'],
  ['modules'],
  ['faces'],
  ['testing', 'integrations', 'relay'],
  ['index.ts', 'cli'],
]
/** Names that only providers, protocols, the catalog and the mocks may ask for. */
const vendors =
  /^(openai|azure(-openai)?|anthropic|claude|google|gemini|vertex(-ai)?|bedrock|aws|mistral|groq|deepseek|openrouter|together|fireworks|cohere|xai|perplexity|ollama|vllm|openai-(chat|responses|embeddings)|anthropic-messages|bedrock-converse)(?![a-z0-9])/i
const mayNameVendors = /^(providers|protocols|catalog|testing)\//

export function upwardImports(all: readonly Source[]): string[] {
  return all.flatMap((source) =>
    source.imports.flatMap(({ target, specifier }) => {
      if (target === undefined) return []
      const [from, to] = [roomOf(source.path), roomOf(target)]
      const [low, high] = [floorOf(from), floorOf(to)]
      if (low === -1) return [`${source.path}: src/${from} stands on no floor; give it one in tests/helpers/rules.ts`]
      if (high > low) return [`${source.path} imports ${specifier}, which is on a floor above`]
      if (high === low && from !== to) return [`${source.path} imports ${specifier} of its sibling ${to}`]
      return []
    }),
  )
}

/** A protocol knows itself and what all protocols share; a provider likewise. */
export function siblingImports(all: readonly Source[]): string[] {
  const folderOf = (path: string) => /^(?:protocols|providers)\/(?!framing\/)[^/]+(?=\/)/.exec(path)?.[0]
  return all.flatMap((source) =>
    source.imports.flatMap(({ target, specifier }) => {
      const [from, to] = [folderOf(source.path), target && folderOf(target)]
      return from && to && from !== to ? [`${source.path} imports ${specifier} of its sibling ${to}`] : []
    }),
  )
}

/** Cycles among imports that are there at run time. */
export function cycles(all: readonly Source[]): string[] {
  const edges = new Map(
    all.map((source) => [source.path, source.imports.flatMap(({ target, typeOnly }) => (target && !typeOnly ? [target] : []))]),
  )
  const done = new Set<string>()
  const found: string[] = []
  const walk = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) return void found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (done.has(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) walk(path, [])
  return found
}

export function vendorComparisons(all: readonly Source[]): string[] {
  return all
    .filter((source) => !mayNameVendors.test(source.path))
    .flatMap((source) =>
      source.compared
        .filter(({ value }) => vendors.test(value))
        .map(({ line, value }) => `${source.path}:${line} compares '${value}'`),
    )
}

export function escapes(all: readonly Source[]): string[] {
  return all.flatMap((source) => [
    ...source.anys.map((line) => `${source.path}:${line} any`),
    ...source.comments
      .filter(({ text }) => /@ts-(ignore|nocheck|expect-error)/.test(text))
      .map(({ line, text }) => `${source.path}:${line} ${text.trim()}`),
  ])
}

/**
 * V8 takes a function that is written straight into a member for a method, and puts it where only full collections come: all
 * that it closes over, such as a call and its texts, waits for one too. `const f = () => …; object.f = f` is not taken for that:
 * https://github.com/v8/v8/blob/13.6.233/src/parsing/parser-base.h, `CheckAssigningFunctionLiteralToProperty`.
 */
export function assignedFunctions(all: readonly Source[]): string[] {
  return all.flatMap(({ path, assigned }) => assigned.map((line) => `${path}:${line} writes a function straight into a member`))
}

/** `AbortSignal.any` holds none of its signals: Node collects such a timeout before 22.16, which `engines` admits, and it never fires. */
export function looseTimeouts(all: readonly Source[]): string[] {
  const loose = /AbortSignal\.any\(\[[^\]]*AbortSignal\.timeout\(/
  return all.flatMap(({ path, text }) => (loose.test(text) ? [`${path} holds no timeout: take core/within.ts`] : []))
}

export function longFiles(all: readonly Source[], limit: number): string[] {
  return all.filter(({ lines }) => lines > limit).map(({ path, lines }) => `${path} has ${lines} lines`)
}

export function longFunctions(all: readonly Source[], limit: number): string[] {
  return all.flatMap((source) =>
    source.functions
      .filter(({ lines, stateMachine }) => lines > limit && !stateMachine)
      .map(({ line, lines }) => `${source.path}:${line} has ${lines} lines`),
  )
}

/** Pairs of protocols, or of providers, whose common runs of six lines cover more than `share` of the smaller one. */
export function duplicates(all: readonly Source[], share: number): string[] {
  const units = new Map<string, string[]>()
  for (const { path, significant } of all) {
    const unit = /^(?:protocols\/(?!framing\/)[^/]+(?=\/)|providers\/[^/]+)/.exec(path)?.[0]
    if (unit) units.set(unit, [...(units.get(unit) ?? []), ...significant])
  }
  const names = [...units.keys()]
  return names.flatMap((a, index) =>
    names.slice(index + 1).flatMap((b) => {
      if (a.split('/')[0] !== b.split('/')[0]) return []
      const [one, two] = [units.get(a) ?? [], units.get(b) ?? []]
      const common = coveredBy(one, two) / Math.max(1, Math.min(one.length, two.length))
      return common > share ? [`${a} and ${b} share ${Math.round(common * 100)} %`] : []
    }),
  )
}

const windowSize = 6

function coveredBy(lines: readonly string[], other: readonly string[]): number {
  const windows = new Set(other.map((_, at) => other.slice(at, at + windowSize).join('\n')).slice(0, 1 - windowSize))
  const covered = new Set<number>()
  for (let at = 0; at + windowSize <= lines.length; at++) {
    if (!windows.has(lines.slice(at, at + windowSize).join('\n'))) continue
    for (let line = at; line < at + windowSize; line++) covered.add(line)
  }
  return covered.size
}

function roomOf(path: string): string {
  const [first = path, ...rest] = path.split('/')
  return rest.length === 0 && first !== 'index.ts' ? 'faces' : first
}

const floorOf = (room: string): number => floors.findIndex((floor) => floor.includes(room))
