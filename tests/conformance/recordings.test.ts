/**
 * Recorded traffic, through every translation there is: what a vendor said must reach a caller of any other protocol with
 * its text, its tool calls and its end, and what a caller once asked must be sayable to every vendor.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isLeashError } from '../../src/core/errors.js'
import { collect, type StreamEvent } from '../../src/core/events.js'
import type { JsonObject } from '../../src/core/json.js'
import type { ChatRequest, ChatResponse } from '../../src/core/message.js'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js'
import { bedrockConverse } from '../../src/protocols/bedrock-converse/index.js'
import { gemini } from '../../src/protocols/gemini/index.js'
import { openaiChat } from '../../src/protocols/openai-chat/index.js'
import { openaiResponses } from '../../src/protocols/openai-responses/index.js'
import type { ChatProtocol, StreamEncoder } from '../../src/protocols/protocol.js'
import { bytesOf, decodeContext, decodeStream } from '../helpers/decode.js'

interface Recording {
  readonly request?: { readonly body?: JsonObject | null }
  readonly response: { readonly status: number; readonly body?: unknown; readonly sse?: string; readonly body_base64?: string }
}

const protocols = [openaiChat, openaiResponses, anthropicMessages, gemini, bedrockConverse]
const callers = protocols.filter(({ downstream }) => downstream !== undefined)
const fixtures = new URL('../fixtures/', import.meta.url)
const lose = () => {}
const asked: ChatRequest = { messages: [] }

function recordingsOf({ name }: ChatProtocol): [string, Recording][] {
  const folder = new URL(`${name}/`, fixtures)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file): [string, Recording] => [file, JSON.parse(readFileSync(new URL(file, folder), 'utf8'))])
    .filter(([, recording]) => recording.response !== undefined)
}

/** What the vendor said; undefined for an answer that the protocol itself calls a failure. */
function said(protocol: ChatProtocol, { response }: Recording): ChatResponse | undefined {
  if (response.status >= 400) return undefined
  try {
    const { sse, body_base64, body } = response
    if (sse !== undefined) return collect(decodeStream(protocol, bytesOf(sse)))
    if (body_base64 !== undefined) return collect(decodeStream(protocol, new Uint8Array(Buffer.from(body_base64, 'base64'))))
    return body === undefined ? undefined : protocol.upstream.decodeResponse(body, decodeContext())
  } catch (error) {
    if (isLeashError(error)) return undefined
    throw error
  }
}

/** What matters to every caller, in whatever protocol. */
function gist({ choices }: ChatResponse) {
  return choices.slice(0, 1).map(({ content, finishReason }) => ({
    text: content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
    calls: content.flatMap((part) =>
      part.type === 'tool-call' ? [{ name: part.name, arguments: JSON.parse(part.arguments) }] : [],
    ),
    cut: finishReason === 'length',
  }))
}

function streamed(protocol: ChatProtocol, encoder: StreamEncoder, events: readonly StreamEvent[]): ChatResponse {
  const decoder = protocol.upstream.decodeStream(decodeContext())
  const heard: StreamEvent[] = []
  const frames = protocol.framing.unframer((event) => heard.push(...decoder.push(event)))
  for (const event of events) for (const wire of encoder.push(event)) frames.push(protocol.framing.frame(wire))
  frames.end()
  return collect([...heard, ...decoder.end()])
}

describe.each(protocols)('what was recorded of $name', (protocol) => {
  const recordings = recordingsOf(protocol)
  const answers = recordings.flatMap(([file, recording]) => {
    const answer = said(protocol, recording)
    return answer && answer.choices.length > 0 ? [{ file, recording, answer }] : []
  })

  it('is some answers at least', () => {
    expect(answers.length).toBeGreaterThan(1)
  })

  it.each(callers)('reaches a caller of $name whole', (caller) => {
    for (const { file, answer } of answers) {
      const body = caller.downstream?.encodeResponse(answer, asked)
      const back = caller.upstream.decodeResponse(body, decodeContext())
      expect({ file, said: gist(back) }).toEqual({ file, said: gist(answer) })
    }
  })

  it.each(callers)('reaches a caller of $name as a stream', (caller) => {
    for (const { file, recording, answer } of answers) {
      const { sse, body_base64 } = recording.response
      const bytes = sse !== undefined ? bytesOf(sse) : new Uint8Array(Buffer.from(body_base64 ?? '', 'base64'))
      if (bytes.length === 0 || !caller.downstream) continue
      const back = streamed(caller, caller.downstream.encodeStream(asked), decodeStream(protocol, bytes))
      expect({ file, said: gist(back) }).toEqual({ file, said: gist(answer) })
    }
  })

  if (protocol.downstream) {
    it.each(protocols)('can be asked of $name', (target) => {
      for (const [file, { request }] of recordings) {
        if (!request?.body || !protocol.downstream) continue
        let neutral: ChatRequest
        try {
          neutral = protocol.downstream.decodeRequest(request.body, lose)
        } catch (error) {
          // What the vendor refused too, and state that lives at the vendor.
          if (isLeashError(error)) continue
          throw error
        }
        const encode = () => {
          try {
            return JSON.stringify(
              target.upstream.encodeRequest(neutral, { model: 'some-model', stream: false, traits: {}, lose }),
            )
          } catch (error) {
            if (isLeashError(error)) return error.code
            throw error
          }
        }
        const once = encode()
        expect({ file, bytes: encode() }).toEqual({ file, bytes: once })
      }
    })
  }
})
