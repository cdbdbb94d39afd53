/** The AI SDK's providers are a second reading of what vendors said: through their words we must read what we read ourselves. */
import { describe, expect, test } from 'vitest'
import { isLeashError } from '../../../src/core/errors.js'
import { collect } from '../../../src/core/events.js'
import type { ChatResponse } from '../../../src/core/message.js'
import { inputTotal, outputTotal } from '../../../src/core/usage.js'
import { aiSdk } from '../../../src/protocols/ai-sdk/index.js'
import type { StreamDecoder } from '../../../src/protocols/protocol.js'
import { bytesOf, decodeContext, decodeStream } from '../../helpers/decode.js'
import { streams, wholes } from './kit.js'

/** What matters of an answer, in whatever words. */
function gist({ choices: [choice], usage }: ChatResponse) {
  const parts = choice?.content ?? []
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call' ? [{ name: part.name, args: JSON.parse(part.arguments), signature: part.signature?.value }] : [],
  )
  // Where a tool ran on the way to an answer, they say that it ended with a call.
  const ending = calls.length > 0 && choice?.finishReason === 'tool-calls' ? 'stop' : choice?.finishReason
  return {
    text: parts.map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join(''),
    // Thoughts of which nothing is shown and nothing kept are none.
    thoughts: parts.flatMap((part) =>
      part.type === 'reasoning' && (part.text || part.signature) ? [{ text: part.text, signature: part.signature?.value }] : [],
    ),
    calls,
    ending,
    input: usage && inputTotal(usage),
    output: usage && outputTotal(usage),
  }
}

/** @returns that it failed: they have fewer words for why */
async function read<T>(what: () => T | Promise<T>): Promise<T | 'failed'> {
  try {
    return await what()
  } catch (error) {
    if (!isLeashError(error)) throw error
    return 'failed'
  }
}

function endsInError(decoder: StreamDecoder): boolean {
  try {
    decoder.end()
    return false
  } catch (error) {
    return isLeashError(error) && error.code === 'stream_truncated'
  }
}

const bytesIn = async (response: Response) => new Uint8Array(await response.arrayBuffer())

describe.each(streams)('$name', ({ protocol, sse = '', theirs }) => {
  test('says the same by way of the AI SDK', async () => {
    const ours = await read(() => gist(collect(decodeStream(protocol, bytesOf(sse)))))
    expect(await read(async () => gist(collect(decodeStream(aiSdk, await bytesIn(await theirs())))))).toEqual(ours)
  })

  test('reads the same byte by byte, and is an error wherever it is cut', async () => {
    const bytes = await read(async () => bytesIn(await theirs()))
    // Refused before its first part.
    if (bytes === 'failed') return
    const events = await read(() => decodeStream(aiSdk, bytes))
    expect(await read(() => decodeStream(aiSdk, bytes, { size: 1 }))).toEqual(events)
    if (events === 'failed') return
    const decoder = aiSdk.upstream.decodeStream(decodeContext())
    let whole = false
    const frames = aiSdk.framing.unframer((event) => {
      for (const { type } of decoder.push(event)) if (type === 'end') whole = true
    })
    let silent = 0
    for (const [at] of bytes.entries()) {
      frames.push(bytes.subarray(at, at + 1))
      if (!whole && !endsInError(decoder)) silent++
    }
    expect(silent).toBe(0)
    expect(decoder.end()).toEqual([])
    expect(whole).toBe(true)
  })

  test('is told to the AI SDK and read back as it was', async () => {
    const events = await read(() => decodeStream(protocol, bytesOf(sse)))
    if (events === 'failed') return
    const encoder = aiSdk.downstream?.encodeStream({ messages: [] })
    const told = events.flatMap((event) => encoder?.push(event) ?? [])
    const decoder = aiSdk.upstream.decodeStream(decodeContext())
    const back = told.flatMap((event) => decoder.push(event))
    expect(gist(collect([...back, ...decoder.end()]))).toEqual(gist(collect(events)))
  })
})

describe.each(wholes)('$name', ({ protocol, body, theirs }) => {
  test('says the same by way of the AI SDK', async () => {
    const ours = await read(() => gist(protocol.upstream.decodeResponse(body, decodeContext())))
    const answer = async () => (await theirs()).json()
    expect(await read(async () => gist(aiSdk.upstream.decodeResponse(await answer(), decodeContext())))).toEqual(ours)
  })

  test('is told to the AI SDK and read back as it was', async () => {
    const answer = await read(() => protocol.upstream.decodeResponse(body, decodeContext()))
    if (answer === 'failed') return
    const told = aiSdk.downstream?.encodeResponse(answer, { messages: [] })
    expect(gist(aiSdk.upstream.decodeResponse(told, decodeContext()))).toEqual(gist(answer))
  })
})
