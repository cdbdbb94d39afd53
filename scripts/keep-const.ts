/**
 * esbuild makes a `var` of each `const` that stands at the top of what it bundles. V8 takes a `const` for the value that it has, and
 * reads a `var` anew each time: what looks at every character of a text takes a tenth longer.
 */
import { type Node, parseSync, Visitor } from 'oxc-parser'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['plugins']>[number]

export const keepConstPlugin: Plugin = {
  name: 'keep-const',
  renderChunk: (code, { type }) => (type === 'chunk' ? { code: keepConst(code) } : undefined),
}

/** `const` for each `var` at the top of a module that has a value from the start, and no other later. */
export function keepConst(code: string): string {
  const { program, errors } = parseSync('chunk.js', code)
  if (errors.length > 0) throw new SyntaxError(errors[0]?.message)
  const changed = changedIn(program, code)
  const parts: string[] = []
  let from = 0
  for (const node of program.body) {
    if (node.type !== 'VariableDeclaration' || node.kind !== 'var') continue
    const stays = ({ id, init }: (typeof node.declarations)[number]) =>
      id.type === 'Identifier' && init !== null && !changed.has(id.name)
    if (!node.declarations.every(stays)) continue
    parts.push(code.slice(from, node.start), 'const')
    from = node.start + 'var'.length
  }
  return parts.join('') + code.slice(from)
}

/** Names that are given a value anywhere but where they are made, or made twice: whatever they are names of there. */
function changedIn(program: ReturnType<typeof parseSync>['program'], code: string): ReadonlySet<string> {
  const changed = new Set<string>()
  const change = ({ type, start, end }: Node) => {
    if (type !== 'MemberExpression')
      for (const name of code.slice(start, end).match(/[\p{ID_Continue}$]+/gu) ?? []) changed.add(name)
  }
  new Visitor({
    AssignmentExpression: ({ left }) => change(left),
    UpdateExpression: ({ argument }) => change(argument),
    ForInStatement: ({ left }) => change(left),
    ForOfStatement: ({ left }) => change(left),
  }).visit(program)
  const made = new Set<string>()
  for (const node of program.body) {
    if (node.type !== 'VariableDeclaration') continue
    for (const { id } of node.declarations) {
      if (id.type !== 'Identifier') continue
      if (made.has(id.name)) changed.add(id.name)
      made.add(id.name)
    }
  }
  return changed
}
