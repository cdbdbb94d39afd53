/**
 * Names of tools that a target refuses, such as `weather.get` or `mcp/server/tool`, as ones that it takes. They are made of the
 * request alone, whose history holds what the caller was told: nothing is kept from one call to the next.
 */
import type { ChatRequest, Message } from '../core/message.js'
import type { ReportLoss } from './protocol.js'

export interface Renamed {
  readonly request: ChatRequest
  /** The name that the caller knows the tool by. */
  own(name: string): string
}

/** What every vendor takes, so that a tool is called the same wherever its call ends up. */
const longest = 64

/** @param takes the names that the target takes; absent: all */
export function renamed(request: ChatRequest, takes: RegExp | undefined, lose: ReportLoss): Renamed {
  const places = placesOf(request)
  const refused = takes ? [...places].filter(([name]) => !takes.test(name)) : []
  if (refused.length === 0) return { request, own: (name) => name }
  const given = new Map<string, string>()
  const owners = new Map<string, string>()
  for (const [name, path] of refused) {
    const plain = plainName(name)
    let alias = plain
    for (let count = 2; places.has(alias) || owners.has(alias); count++) alias = `${plain.slice(0, longest - 4)}_${count}`
    given.set(name, alias)
    owners.set(alias, name)
    lose(path, 'approximated', `the target takes no such name: "${alias}" is sent in its place`)
  }
  return { request: withNames(request, (name) => given.get(name) ?? name), own: (name) => owners.get(name) ?? name }
}

/** Every name in the request, and where it stands first. */
function placesOf({ tools = [], toolChoice, messages }: ChatRequest): Map<string, string> {
  const places = new Map<string, string>()
  const add = (name: string | undefined, path: string) => {
    if (name !== undefined && !places.has(name)) places.set(name, path)
  }
  for (const [index, { name }] of tools.entries()) add(name, `tools[${index}].function.name`)
  for (const [index, { content }] of messages.entries()) {
    for (const part of content) if (part.type === 'tool-call' || part.type === 'tool-result') add(part.name, `messages[${index}]`)
  }
  if (toolChoice?.type === 'tool') add(toolChoice.name, 'tool_choice')
  if (toolChoice?.type === 'allowed') for (const name of toolChoice.names) add(name, 'tool_choice')
  return places
}

/** Of a long name the end is kept, which tells the tools of one server apart. */
function plainName(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(1 - longest)
  return /^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`
}

function withNames(request: ChatRequest, sent: (name: string) => string): ChatRequest {
  const { tools, toolChoice, messages } = request
  return {
    ...request,
    messages: messages.map((message) => withCallsNamed(message, sent)),
    ...(tools && { tools: tools.map((tool) => ({ ...tool, name: sent(tool.name) })) }),
    ...(toolChoice?.type === 'tool' && { toolChoice: { ...toolChoice, name: sent(toolChoice.name) } }),
    ...(toolChoice?.type === 'allowed' && { toolChoice: { ...toolChoice, names: toolChoice.names.map(sent) } }),
  }
}

function withCallsNamed(message: Message, sent: (name: string) => string): Message {
  if (message.role === 'assistant') {
    const content = message.content.map((part) => (part.type === 'tool-call' ? { ...part, name: sent(part.name) } : part))
    return { ...message, content }
  }
  if (message.role !== 'tool') return message
  const content = message.content.map((part) => (part.name === undefined ? part : { ...part, name: sent(part.name) }))
  return { ...message, content }
}
