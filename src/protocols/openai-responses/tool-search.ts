/**
 * A search of tools that its caller makes by itself, as Codex does with those of MCP servers. Elsewhere it is a function, and what it
 * has found is offered from then on.
 */
import { asString, isObject, type JsonObject, type Members } from '../../core/json.js'
import type { ChatRequest, Tool, ToolResultPart } from '../../core/message.js'
import { foundTool } from '../found-tool.js'
import type { ReportLoss } from '../protocol.js'

export const searchName = 'tool_search'

/** OpenAI searches by itself where it is not told otherwise. */
export const isOfCaller = ({ execution }: Members): boolean => execution === 'client'

export function searchTool(tool: Members, path: string, lose: ReportLoss): Tool {
  lose(path, 'approximated', 'A search of tools that its caller makes is offered as a function.')
  const description = asString(tool.description)
  return {
    name: searchName,
    ...(description !== undefined && { description }),
    ...(isObject(tool.parameters) && { parameters: tool.parameters as JsonObject }),
    search: true,
  }
}

export function searches({ tools = [] }: ChatRequest, name: string): boolean {
  return tools.some((tool) => tool.search && tool.name === name)
}

/** What a search has found, for whoever reads texts. */
export function foundIn(tools: readonly Tool[]): ToolResultPart['content'] {
  if (tools.length === 0) return [{ type: 'text', text: 'No tool was found.' }]
  return tools.map(({ name }) => foundTool(name))
}
