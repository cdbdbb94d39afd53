/**
 * A streamed answer in neutral words. Parts open, grow and close one after another within a choice; `index` counts
 * the parts of that choice from 0 and never goes back. `collect` and `replay` lead from a stream to a whole answer and back.
 */
import type { AssistantPart, ChatResponse, Choice, Citation, FinishReason, Signature, TokenLogprob } from './message.js'
import type { Usage } from './usage.js'

export type StreamEvent =
  | { readonly type: 'start'; readonly id: string; readonly model: string; readonly created?: number }
  /** `part` is what is known at its opening: text and arguments may be empty and grow by deltas. */
  | { readonly type: 'part-start'; readonly choice: number; readonly index: number; readonly part: AssistantPart }
  /** More text, more of a tool call's arguments, or more base64 audio. */
  | { readonly type: 'part-delta'; readonly choice: number; readonly index: number; readonly delta: string }
  /** What is only known at the end of a part. */
  | {
      readonly type: 'part-end'
      readonly choice: number
      readonly index: number
      readonly signature?: Signature
      readonly citations?: readonly Citation[]
      readonly transcript?: string
    }
  | { readonly type: 'logprobs'; readonly choice: number; readonly tokens: readonly TokenLogprob[] }
  | { readonly type: 'finish'; readonly choice: number; readonly reason: FinishReason; readonly stopSequence?: string }
  /** Cumulative: the last one holds. */
  | { readonly type: 'usage'; readonly usage: Usage }
  /** The vendor's own terminal event was seen. Without it the stream was cut. */
  | { readonly type: 'end'; readonly serviceTier?: string }

export type EventOf<Type extends StreamEvent['type']> = Extract<StreamEvent, { type: Type }>

/** Folds a stream into the answer it spells. */
export function collect(events: Iterable<StreamEvent>): ChatResponse {
  let id = ''
  let model = ''
  let created: number | undefined
  let usage: Usage | undefined
  let serviceTier: string | undefined
  const choices: { parts: AssistantPart[]; reason: FinishReason; stopSequence?: string; logprobs: TokenLogprob[] }[] = []
  const at = (choice: number) => {
    choices[choice] ??= { parts: [], reason: 'other', logprobs: [] }
    return choices[choice]
  }
  for (const event of events) {
    switch (event.type) {
      case 'start':
        id = event.id
        model = event.model
        created = event.created
        break
      case 'part-start':
        at(event.choice).parts[event.index] = { ...event.part }
        break
      case 'part-delta':
        {
          const { parts } = at(event.choice)
          const part = parts[event.index]
          if (part) parts[event.index] = grown(part, event.delta)
        }
        break
      case 'part-end': {
        const { type: _, choice, index, ...known } = event
        const part = at(choice).parts[index]
        if (part) Object.assign(part, known)
        break
      }
      case 'logprobs':
        at(event.choice).logprobs.push(...event.tokens)
        break
      case 'finish':
        at(event.choice).reason = event.reason
        if (event.stopSequence !== undefined) at(event.choice).stopSequence = event.stopSequence
        break
      case 'usage':
        usage = event.usage
        break
      case 'end':
        serviceTier = event.serviceTier
        break
    }
  }
  return {
    id,
    model,
    ...(created !== undefined && { created }),
    choices: choices.map(
      ({ parts, reason, stopSequence, logprobs }): Choice => ({
        content: parts.filter(Boolean).map(closed),
        finishReason: reason,
        ...(stopSequence !== undefined && { stopSequence }),
        ...(logprobs.length > 0 && { logprobs }),
      }),
    ),
    ...(usage && { usage }),
    ...(serviceTier !== undefined && { serviceTier }),
  }
}

/** The part with more of its text, its arguments or its base64. */
export function grown(part: AssistantPart, delta: string): AssistantPart {
  switch (part.type) {
    case 'tool-call':
      return { ...part, arguments: part.arguments + delta }
    case 'audio': {
      const { source } = part
      if (source.kind !== 'base64') return part
      return { ...part, source: { ...source, data: source.data + delta } }
    }
    case 'image':
      return part
    default:
      return { ...part, text: part.text + delta }
  }
}

function closed(part: AssistantPart): AssistantPart {
  return part.type === 'tool-call' && part.arguments === '' ? { ...part, arguments: '{}' } : part
}

/** Spells a whole answer as a stream, each part in one delta. */
export function* replay(response: ChatResponse): Generator<StreamEvent> {
  const { id, model, created, usage, serviceTier } = response
  yield { type: 'start', id, model, ...(created !== undefined && { created }) }
  for (const [choice, { content, finishReason, stopSequence, logprobs }] of response.choices.entries()) {
    for (const [index, part] of content.entries()) yield* replayPart(choice, index, part)
    if (logprobs) yield { type: 'logprobs', choice, tokens: logprobs }
    yield { type: 'finish', choice, reason: finishReason, ...(stopSequence !== undefined && { stopSequence }) }
  }
  if (usage) yield { type: 'usage', usage }
  yield { type: 'end', ...(serviceTier !== undefined && { serviceTier }) }
}

function* replayPart(choice: number, index: number, part: AssistantPart): Generator<StreamEvent> {
  switch (part.type) {
    case 'text': {
      const { citations, signature, text, ...rest } = part
      yield { type: 'part-start', choice, index, part: { ...rest, text: '' } }
      if (text) yield { type: 'part-delta', choice, index, delta: text }
      yield { type: 'part-end', choice, index, ...(citations && { citations }), ...(signature && { signature }) }
      return
    }
    case 'reasoning': {
      const { signature, text, ...rest } = part
      yield { type: 'part-start', choice, index, part: { ...rest, text: '' } }
      if (text) yield { type: 'part-delta', choice, index, delta: text }
      yield { type: 'part-end', choice, index, ...(signature && { signature }) }
      return
    }
    case 'tool-call': {
      yield { type: 'part-start', choice, index, part: { ...part, arguments: '' } }
      yield { type: 'part-delta', choice, index, delta: part.arguments }
      yield { type: 'part-end', choice, index }
      return
    }
    case 'refusal': {
      yield { type: 'part-start', choice, index, part: { type: 'refusal', text: '' } }
      if (part.text) yield { type: 'part-delta', choice, index, delta: part.text }
      yield { type: 'part-end', choice, index }
      return
    }
    default:
      yield { type: 'part-start', choice, index, part }
      yield { type: 'part-end', choice, index }
  }
}
