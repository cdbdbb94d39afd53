/** Keeps an answer on its way to the caller, if it is one that may be given again. */
import type { Call, Result, StreamResult } from '../../core/call.js'
import { atEnd, type Ending, overheard } from '../../core/ending.js'
import { parseJson } from '../../core/json.js'
import type { ChatResponse, Choice } from '../../core/message.js'
import type { MaybePromise } from '../../core/store.js'
import { noUsage, type Usage } from '../../core/usage.js'
import { bytesIn } from '../../core/utf8.js'
import { type AnswerReader, answerReader, holdsVectors } from '../../protocols/answer.js'
import { joined } from '../../protocols/framing/joined.js'
import { type About, headersToKeep, type Kept } from './kept.js'

export interface KeepOptions {
  readonly ttlMs: number
  readonly refusals: boolean
  readonly maxAnswerBytes: number
  readonly put: (kept: Kept, answer: ChatResponse | undefined) => MaybePromise<void>
}

type Reader = Promise<AnswerReader | undefined>

/** @returns what to do with the result; made before the call is sent, so that its protocol is loaded meanwhile */
export function keeper(call: Call, options: KeepOptions): (result: Result) => MaybePromise<Result> {
  const reader = answerReader(call.protocol)
  return (result) => {
    if (!mayBeKept(call, result)) return result
    return result.stream ? recorded(call, result, reader, options) : keepWhole(call, result, reader, options)
  }
}

/** An answer of another model than the one that was asked for is given once: the next call may find the first one well. */
function mayBeKept({ report }: Call, { status, attempt }: Result): boolean {
  const { sensitive, coalesced, moves } = report
  return status >= 200 && status < 300 && attempt !== undefined && !sensitive && !coalesced && moves.length === 0
}

async function keepWhole(
  call: Call,
  result: Extract<Result, { stream: false }>,
  reader: Reader,
  options: KeepOptions,
): Promise<Result> {
  // Before anything is waited for: what was parsed is the caller's, who may change it.
  const content = result.text ?? JSON.stringify(result.body)
  if (bytesIn(content) > options.maxAnswerBytes) return result
  const body = parseJson(content)
  const answer = read(await reader, (read) => read.body(body, call.model), holdsVectors(body))
  if (isWorthKeeping(answer, options)) await options.put({ about: aboutOf(call, result, options), content }, answer?.response)
  return result
}

function recorded(call: Call, result: StreamResult, reader: Reader, options: KeepOptions): Result {
  const { maxAnswerBytes } = options
  const pieces: Uint8Array[] = []
  const times: number[] = []
  let size = 0
  let began: number | undefined
  let ending: Ending = 'cancelled'
  const told = atEnd(result, (how) => {
    ending = how
  })
  const hear = (bytes: Uint8Array) => {
    size += bytes.length
    if (size > maxAnswerBytes) pieces.length = 0
    else {
      began ??= performance.now()
      pieces.push(new Uint8Array(bytes))
      times.push(Math.round(performance.now() - began))
    }
  }
  let done = false
  const over = async (how: 'read' | 'left') => {
    if (done || ending !== undefined || size > maxAnswerBytes || !mayBeKept(call, result)) return
    // Some leave at the mark of the end, and need not wait for the connection to close.
    if (how === 'left' && !endsWithMark(pieces)) return
    done = true
    const answer = read(await reader, (read) => read.stream(pieces, call.model), false)
    if (!isWorthKeeping(answer, options)) return
    const about = { ...aboutOf(call, result, options), pieces: pieces.flatMap(({ length }, at) => [length, times[at] ?? 0]) }
    await options.put({ about, content: joined(pieces) }, answer?.response)
  }
  return overheard(told, hear, over)
}

/** Many vendors' server-sent events end so, and nothing comes after it. */
function endsWithMark(pieces: readonly Uint8Array[]): boolean {
  const last = pieces.slice(-longestMark)
  const text = new TextDecoder().decode(joined(last).subarray(-longestMark))
  return /(?:^|[\r\n])data: ?\[DONE\]\s*$/.test(text)
}

/** Bytes, with the empty line after it. */
const longestMark = 20

/** Absent: it could not be read. Without a response: nobody chats in this protocol. */
interface Read {
  readonly response?: ChatResponse
}

function read(
  reader: AnswerReader | undefined,
  with_: (reader: AnswerReader) => ChatResponse,
  hasVectors: boolean,
): Read | undefined {
  if (!reader) return hasVectors ? {} : undefined
  try {
    return { response: with_(reader) }
  } catch {
    return undefined
  }
}

function isWorthKeeping(answer: Read | undefined, { refusals }: KeepOptions): boolean {
  if (!answer) return false
  const { response } = answer
  return !response || (response.choices.length > 0 && response.choices.every((choice) => isComplete(choice, refusals)))
}

/** Not what was cut at a limit, paused, or ended for a reason that we do not know. */
function isComplete({ finishReason, content }: Choice, refusals: boolean): boolean {
  switch (finishReason) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
      return refusals || !content.some(({ type }) => type === 'refusal')
    case 'refusal':
    case 'content-filter':
      return refusals
    default:
      return false
  }
}

function aboutOf({ protocol, report }: Call, { status, headers, attempt }: Result, { ttlMs }: KeepOptions): About {
  return {
    at: Date.now(),
    ttlMs,
    provider: attempt?.provider ?? '',
    model: attempt?.model ?? '',
    protocol: attempt?.protocol ?? protocol,
    status,
    headers: headersToKeep(headers),
    ...(attempt?.usage && { usage: used(attempt.usage) }),
    ...(attempt?.cost !== undefined && { cost: attempt.cost }),
    ...(report.warnings.length > 0 && { warnings: report.warnings }),
  }
}

/** The buckets that are not empty. */
function used(usage: Usage): Partial<Usage> {
  return Object.fromEntries(Object.entries(usage).filter(([bucket, tokens]) => tokens !== noUsage[bucket as keyof Usage]))
}
