/**
 * OpenAI's custom tools are called with free text, where those of others take JSON. Whoever has none is offered a function whose
 * one argument is that text, and its calls are told as the caller waits for them.
 * https://platform.openai.com/docs/guides/function-calling#custom-tools
 */
import { asObject, asString, isObject, type JsonObject, parseJson } from '../core/json.js'
import type { ChatRequest, Tool } from '../core/message.js'
import type { ReportLoss } from './protocol.js'

/** @param definition with its `name`, `description` and `format`, as the caller wrote it */
export function customTool(definition: JsonObject, name: string, path: string, lose: ReportLoss): Tool {
  const format = asObject(definition.format)
  const { syntax, definition: grammar } = asObject(format.grammar ?? format)
  const isBound = typeof grammar === 'string'
  const description = asString(definition.description)
  const bound = isBound ? `, which has to match this grammar (${syntax}):\n${grammar}` : '.'
  lose(
    path,
    'approximated',
    `A custom tool is offered as a function with the argument \`input\`${isBound ? ', and its grammar told in words' : ''}.`,
  )
  return {
    name,
    ...(description !== undefined && { description }),
    parameters: {
      type: 'object',
      properties: { input: { type: 'string', description: `The text for the tool, as it is${bound}` } },
      required: ['input'],
      additionalProperties: false,
    },
    custom: definition,
  }
}

export function takesText({ tools = [] }: ChatRequest, name: string): boolean {
  return tools.some((tool) => tool.custom && tool.name === name)
}

/** The arguments of the function for a text, and the text in such arguments. */
export const argumentsOf = (input: unknown): string => JSON.stringify({ input: asString(input) ?? '' })

export function inputIn(given: string): string {
  const input = new InputText()
  return input.push(given) + input.end()
}

const opening = /^\s*\{\s*"input"\s*:\s*"/

/** The text while its arguments come, cut anywhere. */
export class InputText {
  #given = ''
  /** What has been told of it. */
  #told = ''
  #rest = ''
  #isOpen = false

  /** @returns what more is known of it */
  push(delta: string): string {
    this.#given += delta
    this.#rest += delta
    if (!this.#isOpen) {
      const [begun] = opening.exec(this.#rest) ?? []
      if (begun === undefined) return ''
      this.#isOpen = true
      this.#rest = this.#rest.slice(begun.length)
    }
    const written = this.#rest.slice(0, wholeLength(this.#rest))
    this.#rest = this.#rest.slice(written.length)
    const more = unescaped(written)
    this.#told += more
    return more
  }

  /** @returns the last of it: all, where a model has not kept to the schema */
  end(): string {
    const whole = textIn(this.#given) ?? (this.#isOpen ? '' : this.#given)
    const more = whole.startsWith(this.#told) ? whole.slice(this.#told.length) : ''
    this.#told += more
    return more
  }
}

function textIn(given: string): string | undefined {
  const parsed = parseJson(given)
  if (!isObject(parsed)) return undefined
  return asString(parsed.input) ?? (Object.keys(parsed).length === 0 ? '' : given)
}

/** How much of a string in JSON is here: up to its end, or to an escape that has been cut. */
function wholeLength(rest: string): number {
  let quote = rest.indexOf('"')
  for (let at = 0; ; ) {
    const slash = rest.indexOf('\\', at)
    if (quote >= 0 && quote < at) quote = rest.indexOf('"', at)
    if (slash < 0 || (quote >= 0 && quote < slash)) return quote < 0 ? rest.length : quote
    at = slash + (rest[slash + 1] === 'u' ? 6 : 2)
    if (at > rest.length) return slash
  }
}

/** Models leave line ends as they are at times, which JSON does not. */
function unescaped(written: string): string {
  const strict = written.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))
  return asString(parseJson(`"${strict}"`)) ?? written
}
