import { describe, expect, test } from 'vitest'
import {
  assignedFunctions,
  cycles,
  duplicates,
  escapes,
  longFiles,
  longFunctions,
  looseTimeouts,
  siblingImports,
  upwardImports,
  vendorComparisons,
} from './helpers/rules.js'
import { parse, type Source, sources } from './helpers/source.js'

const all = sources()

/** Each rule holds for the source, and is seen to refuse what it is there to refuse. */
const rules: readonly {
  readonly title: string
  readonly rule: (all: readonly Source[]) => string[]
  readonly breach: Readonly<Record<string, string>>
}[] = [
  {
    title: 'imports point down the floors',
    rule: upwardImports,
    breach: { 'core/call.ts': `import type { Leash } from '../leash.js'` },
  },
  {
    title: 'rooms of one floor do not import each other',
    rule: upwardImports,
    breach: { 'middleware/retry.ts': `import { load } from '../config/load.js'` },
  },
  {
    title: 'every folder stands on a floor',
    rule: upwardImports,
    breach: { 'utils/misc.ts': `import type { Call } from '../core/call.js'` },
  },
  {
    title: 'a protocol does not import another protocol',
    rule: siblingImports,
    breach: { 'protocols/gemini/request.ts': `import { toolName } from '../openai-chat/wire.js'` },
  },
  {
    title: 'no modules import each other in a circle',
    rule: cycles,
    breach: { 'core/a.ts': `import { b } from './b.js'\nexport const a = b`, 'core/b.ts': `export { a as b } from './a.js'` },
  },
  {
    title: "a vendor's name is compared only where vendors live",
    rule: vendorComparisons,
    breach: { 'middleware/cost.ts': `export const odd = (name: string) => name === 'anthropic'` },
  },
  {
    title: "a vendor's name hides in no prefix or list either",
    rule: vendorComparisons,
    breach: {
      'leash.ts': `export const odd = (model: string) => model.startsWith('claude-') || ['openai', 'x'].includes(model)`,
    },
  },
  {
    title: 'nothing is typed any',
    rule: escapes,
    breach: { 'core/a.ts': 'export const a = (x: any) => x' },
  },
  {
    title: 'no comment silences the compiler',
    rule: escapes,
    breach: { 'core/a.ts': '// @ts-expect-error it is fine\nexport const a: string = 1' },
  },
  {
    title: 'no function is written straight into a member',
    rule: assignedFunctions,
    breach: { 'core/a.ts': 'export const put = (a: { f?: () => object }) => {\n  a.f = () => a\n}' },
  },
  {
    title: 'somebody holds each timeout',
    rule: looseTimeouts,
    breach: { 'relay/a.ts': 'export const a = (s: AbortSignal) => AbortSignal.any([s, AbortSignal.timeout(1)])' },
  },
  {
    title: 'a file has at most 450 lines',
    rule: (found) => longFiles(found, 450),
    breach: { 'core/a.ts': 'export {}\n'.repeat(451) },
  },
  {
    title: 'a function has at most 80 lines, unless it says which state machine it is',
    rule: (found) => longFunctions(found, 80),
    breach: { 'core/a.ts': `export function a() {${'\n'.repeat(80)}}` },
  },
  {
    title: 'two protocols or two providers have next to nothing copied',
    rule: (found) => duplicates(found, 0.05),
    breach: { 'protocols/a/request.ts': copied('a'), 'protocols/b/request.ts': copied('b') },
  },
]

describe('the house rules', () => {
  for (const { title, rule, breach } of rules) {
    test(title, () => {
      const bad = Object.entries(breach).map(([path, text]) => parse(path, text))
      expect(rule(bad), 'the rule must refuse a breach').not.toEqual([])
      expect(rule(all)).toEqual([])
    })
  }

  test('a long function passes when it says which state machine it is', () => {
    const text = `// state machine: one state per line\nexport function a() {${'\n'.repeat(80)}}`
    expect(longFunctions([parse('core/a.ts', text)], 80)).toEqual([])
  })
})

function copied(name: string): string {
  return Array.from({ length: 8 }, (_, line) => `export const ${line === 0 ? name : 'same'}${line} = ${line}`).join('\n')
}
