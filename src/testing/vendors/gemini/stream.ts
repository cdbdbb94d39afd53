import { asObject } from '../../../core/json.js'
import type { WireEvent } from '../../../protocols/protocol.js'
import type { Reply } from '../../mock/vendor.js'
import { countTokens, piecesOf } from '../../mock/words.js'
import { geminiError } from './dialect.js'
import { partialCalls } from './partial-args.js'
import { candidateOf, type Part, partsOf, tailOf, usageOf, type Writing } from './write.js'

/** Each chunk is a whole answer of its own, with the next few parts in it and the usage so far. */
export function streamContents(writing: Writing, sse: boolean): Reply {
  const { answers, world, body } = writing
  const tail = tailOf(writing)
  const pieceByPiece = asObject(asObject(body.toolConfig).functionCallingConfig).streamFunctionCallArguments === true
  const drafts = answers.flatMap((answer, index) => {
    const parts = partsOf(writing, answer, piecesOf(answer.text, world.wordsPerChunk))
    const groups = pieceByPiece ? parts.flatMap(partialCalls).map((part) => [part]) : groupCalls(parts)
    // An answer without a word still ends in a chunk.
    const all = groups.length === 0 ? [[{ text: '' }]] : groups
    return all.map((group, at) => ({ group, index, ended: at === all.length - 1 ? answer : undefined }))
  })
  let said = 0
  const events = drafts.map(({ group, index, ended }, at): WireEvent => {
    said += group.reduce((sum, part) => sum + (part.thought === true ? 0 : countTokens(part.text ?? '')), 0)
    const usageMetadata = usageOf(writing, at === drafts.length - 1 ? undefined : said)
    return { data: JSON.stringify({ candidates: [candidateOf(writing, index, group, ended)], usageMetadata, ...tail }) }
  })
  return {
    kind: 'stream',
    headers: { 'server-timing': 'gfet4t7; dur=42' },
    framing: sse ? 'sse-crlf' : 'json-array',
    events,
    terminal: events.length - 1,
    fail: (failure) => [{ data: JSON.stringify(geminiError(failure)) }],
  }
}

/** Text comes part by part; calls come together. */
function groupCalls(parts: readonly Part[]): Part[][] {
  const calls = parts.filter((part) => part.functionCall !== undefined)
  const texts = parts.filter((part) => part.functionCall === undefined).map((part) => [part])
  return calls.length === 0 ? texts : [...texts, calls]
}
