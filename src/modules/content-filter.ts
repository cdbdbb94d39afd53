/** Words that are not to be said, by the caller or by the model. */
import { LeashError } from '../core/errors.js'
import { compact, isObject } from '../core/json.js'
import { loadPatternEngine } from '../core/patterns.js'
import type { Action } from './actions.js'
import { endWith, folded, longestEscape, readingsOf } from './content-filter/readings.js'
import { type CompiledRule, type ContentRule, compileRule, reachOf } from './content-filter/rules.js'
import { defineModule } from './define.js'
import type { Module, ModuleDefinition, Piece, Text } from './module.js'

type Passed = Pick<ModuleDefinition, 'priority' | 'when' | 'timeout' | 'onError' | 'sees'>

/** One rule by itself, or several. */
export interface ContentFilterOptions extends Passed, Omit<ContentRule, 'name'> {
  /** @defaultValue 'content-filter' */
  readonly name?: string
  readonly rules?: readonly ContentRule[]
}

type Direction = 'request' | 'response'

const severities = ['low', 'medium', 'high', 'critical']
const actions = ['block', 'warn', 'annotate']
const ofRule = ['name', 'keywords', 'phrases', 'patterns', 'maxLength', 'severity', 'action', 'message', 'direction']
const ofModule = ['rules', 'priority', 'when', 'timeout', 'onError', 'sees']

/**
 * A policy by keywords, phrases and patterns.
 *
 * @throws LeashError `invalid_config` for rules that cannot be
 *
 * @example
 * contentFilter({ keywords: ['bluebird'], message: 'Leave the names of unreleased products out.' })
 */
export function contentFilter(options: ContentFilterOptions): Module {
  const rules = rulesOf(options)
  const { name = 'content-filter', priority, when, timeout, onError, sees } = options
  let compiled: readonly CompiledRule[] = []
  const spoken = of(rules, 'response')
  // So that the letter after a word is seen, which may make it another.
  const holdBack = Math.max(0, ...spoken.map(reachOf)) + 1
  const module = defineModule({
    name,
    version: '1.0.0',
    kind: 'policy',
    ...compact({ priority, when, timeout, onError, sees }),
    async start() {
      const needed = rules.some(({ patterns = [] }) => patterns.length > 0)
      const engine = needed ? await loadPatternEngine() : undefined
      compiled = rules.map((rule) => compileRule(rule, engine))
    },
    ...(of(rules, 'request').length > 0 && { request: ({ texts }) => judged(ofWhole(compiled, texts, 'request')) }),
    ...(spoken.length > 0 && {
      holdBack,
      response: ({ texts }) => judged(ofWhole(compiled, texts, 'response')),
      chunk: (piece, { state }) => judged(ofPiece(compiled, piece, state)),
    }),
  })
  return Object.freeze({
    ...module,
    holdBackOf: (text: Text) => endWith(text.kind === 'arguments' ? holdBack * longestEscape : holdBack, text),
  })
}

/** How often each rule was met. */
type Met = ReadonlyMap<CompiledRule, number>

function of<Rule extends { readonly direction?: ContentRule['direction'] | undefined }>(
  rules: readonly Rule[],
  direction: Direction,
): Rule[] {
  return rules.filter((rule) => rule.direction === undefined || rule.direction === direction)
}

function ofWhole(rules: readonly CompiledRule[], texts: readonly Text[], direction: Direction): Met {
  const met = new Map<CompiledRule, number>()
  const all = texts.map((text) => readingsOf(text).map((read) => read(text.text)))
  for (const rule of of(rules, direction)) {
    const count = all.reduce((sum, readings) => sum + Math.max(...readings.map((text) => rule.count(text, 0))), 0)
    if (count > 0) met.set(rule, count)
  }
  return met
}

/** Added up over the pieces, since what is annotated last is what stands. */
function ofPiece(rules: readonly CompiledRule[], piece: Piece, state: Record<string, unknown>): Met {
  const { text, before, settled, final, whole, kind } = piece
  const met = new Map<CompiledRule, number>()
  const counts = (state.counts ??= new Map()) as Map<CompiledRule, number>
  const told = Boolean(state.pieces)
  if (!whole) state.pieces = true
  // A letter behind a piece that goes on: its last word may not be over.
  const rest = final ? '' : 'x'
  const readings = readingsOf({ text: before + text, kind }, !whole)
  const count = (rule: CompiledRule, text: string, rest: string) =>
    Math.max(...readings.map((read) => rule.count(read(before + text) + rest, read(before).length)))
  for (const rule of of(rules, 'response')) {
    if (rule.action === 'block') {
      if (count(rule, text, rest) > 0) met.set(rule, 1)
    } else if (!whole || !told) {
      const more = count(rule, text.slice(0, settled), settled < text.length ? 'x' : rest)
      if (more === 0) continue
      const sum = (counts.get(rule) ?? 0) + more
      counts.set(rule, sum)
      met.set(rule, sum)
    }
  }
  return met
}

function judged(met: Met): readonly Action[] {
  if (met.size === 0) return []
  const refusing = [...met].filter(([{ action }]) => action === 'block')
  const noted = refusing.length > 0 ? refusing : [...met]
  const found = Object.fromEntries(noted.map(([{ name }, count]) => [name, count]))
  const annotations = Object.fromEntries(noted.map(([{ name, severity }, count]) => [name, { severity, count }]))
  const note: Action = { action: 'annotate', annotations, found, warn: noted.some(([{ action }]) => action === 'warn') }
  const [first] = refusing
  if (!first) return [note]
  const message = first[0].message ?? `The content is not allowed here (${refusing.map(([{ name }]) => name).join(', ')}).`
  return [note, { action: 'block', message, found }]
}

/** A member that is misspelt would look for nothing, and let pass what it was to find. */
function checkMembers(at: string, given: object, known: readonly string[]): void {
  const strange = Object.keys(given).find((member) => !known.includes(member))
  if (strange !== undefined) throw wrong(`${at} has no \`${strange.slice(0, 64)}\` (known: ${known.join(', ')})`)
}

function rulesOf({ rules = [], ...own }: ContentFilterOptions): readonly ContentRule[] {
  const isRule = 'keywords' in own || 'phrases' in own || 'patterns' in own
  if (isRule) checkMembers('A content filter', own, [...ofRule, ...ofModule])
  else checkMembers('A content filter beside `rules`', own, ['name', ...ofModule])
  const { name: _, ...given } = own
  const alone: ContentRule = Object.fromEntries(Object.entries(given).filter(([member]) => ofRule.includes(member)))
  const all: readonly ContentRule[] = isRule ? [alone, ...rules] : rules
  if (!Array.isArray(rules) || all.length === 0)
    throw wrong('A content filter needs `keywords`, `phrases`, `patterns`, or `rules` of them')
  for (const rule of all) checkRule(rule)
  const names = all.map(({ name = 'content' }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw wrong(`Two rules are named "${twice}": give each a \`name\` of its own`)
  return all
}

function checkRule(rule: unknown): void {
  if (!isObject(rule)) throw wrong('A rule is an object')
  const { name = 'content', severity, action, direction, maxLength } = rule
  const lists = [rule.keywords, rule.phrases, rule.patterns].filter((list) => list !== undefined)
  const at = `The rule "${String(name).slice(0, 64)}"`
  checkMembers(at, rule, ofRule)
  for (const list of lists) {
    const fits = Array.isArray(list) && list.every((entry) => typeof entry === 'string' && folded(entry).trim() !== '')
    if (!fits) throw wrong(`${at}: \`keywords\`, \`phrases\` and \`patterns\` are lists of strings that are not empty`)
  }
  if (lists.flat().length === 0) throw wrong(`${at} looks for nothing`)
  if (severity !== undefined && !severities.includes(String(severity)))
    throw wrong(`${at}: \`severity\` is one of ${severities.join(', ')}`)
  if (action !== undefined && !actions.includes(String(action))) throw wrong(`${at}: \`action\` is one of ${actions.join(', ')}`)
  if (direction !== undefined && direction !== 'request' && direction !== 'response')
    throw wrong(`${at}: \`direction\` is 'request' or 'response'`)
  if (maxLength !== undefined && !(Number.isSafeInteger(maxLength) && Number(maxLength) > 0 && Number(maxLength) <= 4096))
    throw wrong(`${at}: \`maxLength\` is from 1 to 4096 characters`)
}

const wrong = (message: string) => new LeashError('invalid_config', `${message}.`)
