/** What was once asked, by way of the AI SDK's own providers: the vendor must be asked the same. */
import { describe, expect, test } from 'vitest'
import { asObject, type JsonObject, parseJson } from '../../../src/core/json.js'
import type { ChatRequest, Message } from '../../../src/core/message.js'
import { aiSdk } from '../../../src/protocols/ai-sdk/index.js'
import { requests } from './kit.js'

const textOf = (parts: readonly { readonly type: string }[]): string =>
  parts.map((part) => ('text' in part && typeof part.text === 'string' ? part.text : '')).join('')

/** Google's provider puts each result into an object of its own. */
function unwrapped(text: string): string {
  const { name, content } = asObject(parseJson(text))
  return typeof name === 'string' && typeof content === 'string' ? content : text
}

/** What matters of a conversation, in whatever words. */
function gist(message: Message): unknown[] {
  switch (message.role) {
    case 'assistant':
      return message.content.flatMap((part): unknown[] => {
        if (part.type === 'tool-call')
          return [{ call: part.name, args: JSON.parse(part.arguments), signature: part.signature?.value }]
        if (part.type === 'reasoning') return [{ thought: part.text, signature: part.signature?.value }]
        return part.type === 'text' && part.text !== '' ? [{ said: part.text }] : []
      })
    case 'tool':
      return message.content.map((result) => ({
        result: result.id,
        text: unwrapped(textOf(result.content)),
        isError: result.isError ?? false,
      }))
    default:
      return message.content.map((part) => (part.type === 'text' ? { [message.role]: part.text } : { [message.role]: part.type }))
  }
}

function essence({ messages, tools, toolChoice, responseFormat, maxTokens, stop, reasoning }: ChatRequest, protocol: string) {
  return {
    messages: messages.flatMap(gist),
    tools: tools?.map(({ name, description }) => ({ name, description: description || undefined })),
    toolChoice: toolChoice?.type === 'auto' ? undefined : toolChoice?.type,
    format: responseFormat?.type,
    // Anthropic's provider puts what may be thought on top.
    maxTokens: (reasoning?.effort ?? reasoning?.budget) && protocol === 'anthropic-messages' ? undefined : maxTokens,
    stop,
    shown: protocol === 'gemini' ? reasoning?.show : undefined,
  }
}

describe.each(requests)('$name', ({ protocol, body, forward }) => {
  test('asks the same by way of the AI SDK', async () => {
    const read = (body: JsonObject) => protocol.downstream?.decodeRequest(body, () => {})
    const asked = read(body)
    if (!asked) return
    const sent = read(
      await forward(aiSdk.upstream.encodeRequest(asked, { model: 'm', stream: false, traits: {}, lose: () => {} })),
    )
    expect(sent && essence(sent, protocol.name)).toEqual(essence(asked, protocol.name))
  })
})

test('a budget for the thinking becomes a degree', () => {
  const losses: string[] = []
  const lose = (path: string, action: string) => losses.push(`${action} ${path}`)
  const request: ChatRequest = { messages: [], reasoning: { budget: 3000, show: true } }
  expect(aiSdk.upstream.encodeRequest(request, { model: 'm', stream: false, traits: {}, lose })).toMatchObject({
    reasoning: 'medium',
  })
  expect(losses).toEqual(['approximated reasoning.budget'])
})
