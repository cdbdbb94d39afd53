/**
 * Functions in a namespace, as Codex groups those of one MCP server. Nobody else has groups: each function is offered by itself,
 * under a name that begins with its namespace, and whoever reads a call of it is told the two apart.
 */
import { asString } from '../../core/json.js'
import type { ChatRequest } from '../../core/message.js'

const between = '__'

/** The one name of what stands in a namespace. */
export function joined(namespace: unknown, name: string): string {
  const group = asString(namespace)
  return group ? `${group}${between}${name}` : name
}

export interface Called {
  readonly name: string
  readonly namespace?: string
}

/** What a caller knows the tool of that name by. */
export function apart({ tools = [] }: ChatRequest, name: string): Called {
  const namespace = tools.find((tool) => tool.name === name)?.namespace
  return namespace === undefined ? { name } : { name: name.slice(namespace.length + between.length), namespace }
}
