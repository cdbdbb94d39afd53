/** What may become of an answer that broke off: the table of docs/middleware/resume.md. */
import type { ErrorCode, LeashError } from '../../core/errors.js'
import type { ChatRequest } from '../../core/message.js'
import type { Said } from './said.js'

/** How an answer goes on: behind what was said, or from its beginning, which the caller is told. */
export type Way = 'continued' | 'restarted'

type Hindrance = (said: Said, request: ChatRequest) => boolean

/** Nothing can follow these. Arguments of a tool that are joined from two answers are nobody's arguments. */
const ends: readonly Hindrance[] = [
  (said) => said.types.has('tool-call'),
  (said) => said.types.has('refusal') || said.types.has('image') || said.types.has('audio'),
  (said) => said.strange,
  (said, { n = 1 }) => said.several || n > 1,
]

/** After these only another answer can follow. */
const breaks: readonly Hindrance[] = [
  // Half of a thinking cannot be signed, and no model goes on with one.
  (said) => said.open?.type === 'reasoning',
  // A model that is held to a schema can only write the whole.
  (said, { responseFormat: format }) => said.text !== '' && format !== undefined && format.type !== 'text',
  // A token that is cut where the texts are joined has no probability.
  (said, { logprobs }) => said.text !== '' && logprobs === true,
]

/** @returns undefined when the answer ends here */
export function wayOn(said: Said, request: ChatRequest, mayRestart: boolean): Way | undefined {
  const holds = (hindrance: Hindrance) => hindrance(said, request)
  if (ends.some(holds)) return undefined
  if (!breaks.some(holds)) return 'continued'
  return mayRestart ? 'restarted' : undefined
}

/** The stream died of these, and not of the request, nor by somebody's wish. */
const deaths: readonly ErrorCode[] = [
  'stream_truncated',
  'network_error',
  'timeout',
  'upstream_error',
  'upstream_malformed',
  'overloaded',
  'rate_limited',
]

export function isDeath({ code }: LeashError): boolean {
  return deaths.includes(code)
}
