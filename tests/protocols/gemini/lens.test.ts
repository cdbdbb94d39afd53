import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import { sse as framing } from '../../../src/protocols/framing/sse.js'
import { gemini } from '../../../src/protocols/gemini/index.js'
import type { Tap, TextKind, WireEvent } from '../../../src/protocols/protocol.js'
import { bytesOf, decodeStream } from '../../helpers/decode.js'
import { recordings, sse } from './support.js'

const { lens } = gemini

const request: JsonObject = {
  systemInstruction: { parts: [{ text: 'system' }] },
  contents: [
    { role: 'user', parts: [{ text: 'asked' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
    {
      role: 'model',
      parts: [
        { text: 'thought', thought: true, thoughtSignature: 'c2ln' },
        { functionCall: { name: 'f', args: { deep: ['argument', 1, { er: 'deeper' }] } } },
        { executableCode: { code: 'code', language: 'PYTHON' } },
        { toolCall: { toolType: 'GOOGLE_SEARCH_WEB', args: { queries: ['searched'] } } },
        { toolResponse: { toolType: 'GOOGLE_SEARCH_WEB', response: { text: 'found' } } },
        { audioTranscription: { text: 'heard' } },
      ],
    },
    { role: 'user', parts: [{ function_response: { name: 'f', response: { output: 'result' } } }] },
  ],
  tools: [{ functionDeclarations: [{ name: 'f', description: 'described' }] }],
  wonder: { of: 'tomorrow' },
}

describe('the lens', () => {
  it('visits every text of a request, and what each is for', () => {
    const seen: [string, TextKind][] = []
    const same = lens.replaceRequest(request, (text, kind) => {
      seen.push([text, kind])
      return text
    })
    expect(seen.sort()).toEqual([
      ['argument', 'arguments'],
      ['asked', 'text'],
      ['code', 'text'],
      ['deeper', 'arguments'],
      ['described', 'description'],
      ['found', 'tool-result'],
      ['heard', 'text'],
      ['result', 'tool-result'],
      ['searched', 'arguments'],
      ['system', 'text'],
      ['thought', 'reasoning'],
    ])
    expect(same).toBe(request)
  })

  it('replaces what changed, shares what stayed, and leaves the original alone', () => {
    const before = structuredClone(request)
    const replaced = lens.replaceRequest(request, (text) => (text === 'deeper' ? '***' : text))
    expect(replaced).toEqual(JSON.parse(JSON.stringify(request).replace('deeper', '***')))
    expect(replaced.tools).toBe(request.tools)
    expect((replaced.contents as unknown[])[0]).toBe((request.contents as unknown[])[0])
    expect(request).toEqual(before)
  })

  it.each([
    [{ contents: { parts: { text: 'asked' } } }, 'text'],
    [{ contents: { role: 'user', parts: [{ text: 'asked' }] } }, 'text'],
    [{ contents: [{ parts: { functionResponse: { name: 'f', response: { a: 'asked' } } } }] }, 'tool-result'],
    [{ systemInstruction: { parts: { text: 'asked' } } }, 'text'],
    [{ system_instruction: { parts: { text: 'asked' } } }, 'text'],
    [{ tools: { function_declarations: { name: 'f', description: 'asked' } } }, 'description'],
  ] as const)('takes a single item for a list of one: %o', (single, kind) => {
    const seen: [string, TextKind][] = []
    const loud = lens.replaceRequest(single as JsonObject, (text, kind) => {
      seen.push([text, kind])
      return text.toUpperCase()
    })
    expect(seen).toEqual([['asked', kind]])
    expect(loud).toEqual(JSON.parse(JSON.stringify(single).replace('asked', 'ASKED')))
    expect(lens.replaceRequest(single as JsonObject, (text) => text)).toBe(single)
  })

  it('visits an answer, its thoughts and what it quotes, whole or streamed', () => {
    const answer: JsonObject = {
      candidates: [
        {
          content: {
            parts: [
              { text: 'thought', thought: true },
              { text: 'said' },
              { functionCall: { partialArgs: [{ jsonPath: '$.a', stringValue: 'piece' }] } },
            ],
          },
          groundingMetadata: { webSearchQueries: ['said?'], groundingSupports: [{ segment: { text: 'said' } }] },
        },
        { finishReason: 'SAFETY' },
      ],
    }
    const loud = JSON.parse(
      JSON.stringify(answer).replaceAll('said', 'SAID').replace('"thought",', '"THOUGHT",').replace('piece', 'PIECE'),
    )
    expect(lens.replaceResponse(answer, (text) => text.toUpperCase())).toEqual(loud)
    expect(lens.replaceEvent(answer, (text) => text.toUpperCase())).toEqual(loud)
    expect(lens.replaceEvent(answer, (text) => text)).toBe(answer)
  })

  it('reads usage', () => {
    expect(lens.usage({ usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 } })).toMatchObject({ input: 3 })
    expect(lens.usage('nothing')).toBeUndefined()
  })

  it('reads usage from the last item of a stream that came as a list', () => {
    const counted = (promptTokenCount: number, trafficType: string) => ({ usageMetadata: { promptTokenCount, trafficType } })
    const list = [counted(3, 'ON_DEMAND'), counted(4, 'ON_DEMAND_FLEX')]
    expect(lens.usage(list)).toMatchObject({ input: 4 })
    expect(lens.tier?.(list)).toBe('ON_DEMAND_FLEX')
    expect(lens.usage([])).toBeUndefined()
  })
})

function seen(text: string): Tap {
  const tap = lens.tap()
  const frames = framing.unframer((event: WireEvent) => tap.see(event))
  frames.push(bytesOf(text))
  return tap
}
const part = (...parts: object[]) => ({ candidates: [{ content: { parts } }] })

describe('the tap', () => {
  it.each(recordings.filter(({ response }) => response.sse))('sees of $file what the decoder sees', ({ response }) => {
    const tap = seen(response.sse ?? '')
    const usage = decodeStream(gemini, bytesOf(response.sse ?? '')).findLast((event) => event.type === 'usage')
    expect(tap).toMatchObject({ content: true, terminal: true, usage: usage?.type === 'usage' ? usage.usage : undefined })
    expect(tap.error).toBeUndefined()
  })

  it('takes neither an empty text nor a bare signature for content', () => {
    expect(seen(sse(part({ text: '' }), part({ text: '', thoughtSignature: 'c2ln' })))).toMatchObject({
      content: false,
      terminal: false,
    })
    expect(seen(sse(part({ text: 'Hm', thought: true })))).toMatchObject({ content: true, terminal: false })
    expect(seen(sse(part({ functionCall: { name: 'f' } })))).toMatchObject({ content: true, terminal: false })
  })

  it('takes a filtered answer for complete without content', () => {
    expect(seen(sse({ promptFeedback: { blockReason: 'SAFETY' } }))).toMatchObject({ content: true, terminal: true })
    expect(seen(sse({ candidates: [{ finishReason: 'SAFETY' }] }))).toMatchObject({ content: true, terminal: true })
  })

  it('is not fooled by a text or an argument that is called like a member', () => {
    const tap = seen(
      sse(
        part({ text: 'x' }),
        part({ text: '{"finishReason":"STOP","totalTokenCount":1}' }),
        part({ functionCall: { name: 'f', args: { finishReason: 'STOP', error: 'x' } } }),
      ),
    )
    expect(tap).toMatchObject({ terminal: false, error: undefined, usage: undefined })
  })

  it('waits on when more follows a first end, but not for the sake of usage', () => {
    const stop = { candidates: [{ content: { parts: [{ functionCall: { name: 'f' } }] }, finishReason: 'STOP' }] }
    expect(seen(sse(stop, part({ text: 'more' }))).terminal).toBe(false)
    expect(seen(sse(stop, { usageMetadata: { totalTokenCount: 5, promptTokenCount: 5 } }))).toMatchObject({
      terminal: true,
      usage: { input: 5 },
    })
  })

  it('records an error in the stream', () => {
    const tap = seen(sse(part({ text: 'x' }), { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }))
    expect(tap.error).toMatchObject({ code: 'overloaded', status: 503, retryable: true })
  })
})
