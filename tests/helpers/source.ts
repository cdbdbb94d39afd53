/** The source as the compiler sees it: what imports what, and which functions are how long. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Node, parseSync, Visitor } from 'oxc-parser'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Import {
  /** As written. */
  readonly specifier: string
  /** The file meant, relative to `src`; undefined for a package. */
  readonly target: string | undefined
  /** Erased by the compiler. */
  readonly typeOnly: boolean
}

export interface Source {
  /** Relative to `src`, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly Import[]
  readonly functions: readonly { readonly line: number; readonly lines: number; readonly stateMachine: boolean }[]
  /** Strings that something is compared with: `===`, `case`, `startsWith` and their kin. */
  readonly compared: readonly { readonly line: number; readonly value: string }[]
  readonly anys: readonly number[]
  /** Functions that are written straight into a member of an object. */
  readonly assigned: readonly number[]
  readonly comments: readonly { readonly line: number; readonly text: string }[]
  /** Code without comments, imports and lines of mere punctuation. */
  readonly significant: readonly string[]
}

const comparing = new Set(['startsWith', 'endsWith', 'includes', 'indexOf', 'localeCompare'])

export function parse(path: string, text: string): Source {
  const { program, module, comments, errors } = parseSync(path, text)
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]?.message}`)
  const starts = lineStarts(text)
  const lineAt = (offset: number) => starts.findLastIndex((start) => start <= offset) + 1
  const notes = comments.map((comment) => ({ ...comment, line: lineAt(comment.start), last: lineAt(comment.end) }))
  const functions: { line: number; lines: number; stateMachine: boolean }[] = []
  const compared: { line: number; value: string }[] = []
  const anys: number[] = []
  const assigned: number[] = []
  const measure = ({ start, end }: { start: number; end: number }) => {
    const [line, last] = [lineAt(start), lineAt(end - 1)]
    const stateMachine = notes.some((note) => note.value.includes('state machine:') && note.last >= line - 1 && note.line <= last)
    functions.push({ line, lines: last - line + 1, stateMachine })
  }
  const compare = (node: Node | null | undefined) => {
    if (node?.type === 'Literal' && typeof node.value === 'string') compared.push({ line: lineAt(node.start), value: node.value })
  }
  new Visitor({
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
    AssignmentExpression: ({ start, left, right }) => {
      const written = right.type === 'ArrowFunctionExpression' || right.type === 'FunctionExpression'
      if (written && left.type === 'MemberExpression') assigned.push(lineAt(start))
    },
    TSAnyKeyword: (node) => void anys.push(lineAt(node.start)),
    SwitchCase: (node) => compare(node.test),
    BinaryExpression: (node) => {
      if (!/^[!=]==?$/.test(node.operator)) return
      compare(node.left as Node)
      compare(node.right)
    },
    CallExpression: ({ callee, arguments: passed }) => {
      if (callee.type !== 'MemberExpression' || callee.computed || !comparing.has(callee.property.name)) return
      compare(passed[0])
      if (callee.object.type === 'ArrayExpression') callee.object.elements.forEach(compare)
    },
  }).visit(program)

  const imports = [
    ...module.staticImports.map((from) => ({
      specifier: from.moduleRequest.value,
      typeOnly: from.entries.length > 0 && from.entries.every((entry) => entry.isType),
    })),
    ...module.staticExports.flatMap((statement) => {
      const specifier = statement.entries[0]?.moduleRequest?.value
      return specifier === undefined ? [] : [{ specifier, typeOnly: statement.entries.every((entry) => entry.isType) }]
    }),
    ...module.dynamicImports.map((call) => ({
      specifier: text.slice(call.moduleRequest.start, call.moduleRequest.end).replace(/^['"`]|['"`]$/g, ''),
      typeOnly: false,
    })),
  ].map((found) => ({ ...found, target: targetOf(path, found.specifier) }))

  const erased = [...comments, ...module.staticImports]
  return {
    path,
    text,
    lines: starts.length - (text.endsWith('\n') ? 1 : 0),
    imports,
    functions,
    compared,
    anys,
    assigned,
    comments: notes.map((note) => ({ line: note.line, text: note.value })),
    significant: blank(text, erased)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /\w/.test(line)),
  }
}

/** Every file under `src`. */
export function sources(): Source[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => parse(relative(join(root, 'src'), file), readFileSync(file, 'utf8')))
}

function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return join(dirname(path), specifier).replace(/\.js$/, '.ts')
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function blank(text: string, spans: readonly { start: number; end: number }[]): string {
  let out = text
  for (const { start, end } of spans) out = out.slice(0, start) + out.slice(start, end).replace(/[^\n]/g, ' ') + out.slice(end)
  return out
}
