/** https://platform.openai.com/docs/api-reference/responses-streaming */
import { asArray, asObject, asObjects } from '../../../core/json.js'
import type { WireEvent } from '../../../protocols/protocol.js'
import type { Ask, Reply } from '../../mock/vendor.js'
import { jsonPiecesOf, piecesOf } from '../../mock/words.js'
import { openaiError, openaiHeaders } from '../openai/dialect.js'

type Item = Record<string, unknown>
type Draft = readonly [type: string, data: Item]

/** `base` is the response without its output; `whole` is what it becomes. */
export function streamResponse(ask: Ask, base: Item, whole: Item, output: readonly Item[]): Reply {
  const begun = { ...base, status: 'in_progress', incomplete_details: null }
  const content = output.flatMap((item, index) => itemDrafts(ask, item, index))
  const drafts: Draft[] = [
    ['response.created', { response: begun }],
    ['response.in_progress', { response: begun }],
    ...content,
    [`response.${whole.status}`, { response: whole }],
  ]
  return {
    kind: 'stream',
    headers: openaiHeaders(ask.ids),
    framing: 'sse',
    events: drafts.map(numbered(0)),
    terminal: drafts.length - 1,
    fail: (failure, sent) => {
      const { error } = openaiError(failure)
      const failed = { ...begun, status: 'failed', error: { code: error.code ?? error.type, message: error.message } }
      const events: Draft[] = [
        ['error', { error }],
        ['response.failed', { response: failed }],
      ]
      return events.map(numbered(sent))
    },
  }
}

const numbered =
  (from: number) =>
  ([type, data]: Draft, index: number): WireEvent => ({
    event: type,
    data: JSON.stringify({ type, sequence_number: from + index, ...data }),
  })

function itemDrafts(ask: Ask, item: Item, output_index: number): Draft[] {
  const kinds: Record<string, () => readonly [begun: Item, drafts: Draft[]]> = {
    message: () => messageDrafts(ask, item, output_index),
    reasoning: () => reasoningDrafts(ask, item, output_index),
    function_call: () => callDrafts(ask, item, output_index),
  }
  const [begun, drafts] = kinds[String(item.type)]?.() ?? [item, []]
  return [
    ['response.output_item.added', { output_index, item: begun }],
    ...drafts,
    ['response.output_item.done', { output_index, item }],
  ]
}

/** Pads the piece, so that its length does not give the text away. */
function obfuscated({ ids, body }: Ask): Item {
  return asObject(body.stream_options).include_obfuscation === false ? {} : { obfuscation: ids('', 8) }
}

function messageDrafts(ask: Ask, item: Item, output_index: number): [Item, Draft[]] {
  const [part] = asObjects(item.content)
  const place = { item_id: item.id, output_index, content_index: 0 }
  const logprobs = asArray(part?.logprobs)
  const deltas = piecesOf(String(part?.text), ask.world.wordsPerChunk).map(
    (delta): Draft => ['response.output_text.delta', { ...place, delta, logprobs: [], ...obfuscated(ask) }],
  )
  return [
    { ...item, status: 'in_progress', content: [] },
    [
      ['response.content_part.added', { ...place, part: { ...part, text: '', logprobs: [] } }],
      ...deltas,
      ['response.output_text.done', { ...place, text: part?.text, logprobs }],
      ['response.content_part.done', { ...place, part }],
    ],
  ]
}

function reasoningDrafts(ask: Ask, item: Item, output_index: number): [Item, Draft[]] {
  const drafts = asArray(item.summary).flatMap((given, summary_index): Draft[] => {
    const part = asObject(given)
    const place = { item_id: item.id, output_index, summary_index }
    const deltas = piecesOf(String(part.text), ask.world.wordsPerChunk).map(
      (delta): Draft => ['response.reasoning_summary_text.delta', { ...place, delta, ...obfuscated(ask) }],
    )
    return [
      ['response.reasoning_summary_part.added', { ...place, part: { ...part, text: '' } }],
      ...deltas,
      ['response.reasoning_summary_text.done', { ...place, text: part.text }],
      ['response.reasoning_summary_part.done', { ...place, part }],
    ]
  })
  return [{ ...item, summary: [] }, drafts]
}

function callDrafts(ask: Ask, item: Item, output_index: number): [Item, Draft[]] {
  const place = { item_id: item.id, output_index }
  const deltas = jsonPiecesOf(String(item.arguments)).map(
    (delta): Draft => ['response.function_call_arguments.delta', { ...place, delta, ...obfuscated(ask) }],
  )
  return [
    { ...item, status: 'in_progress', arguments: '' },
    [...deltas, ['response.function_call_arguments.done', { ...place, arguments: item.arguments }]],
  ]
}
