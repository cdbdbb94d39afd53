/** What came of one call, as its caller sees it: read by a parser of its own, so that ours is not its own judge. */
import { isLeashError } from '../../src/leash.js'
import { type Json, type Question, type Said, type Speaker, speakers } from './calls.js'

export interface Outcome {
  readonly kind: 'answer' | 'error' | 'wrong'
  /** What was wrong, or which error it was. */
  readonly detail: string
}

/**
 * How failures that are thrown show what they are: ours by its code, the platform's by its class. The last is of whoever
 * parses events that the leash has handed on as its vendor wrote them.
 */
const platform: readonly string[] = ['TypeError', 'SocketError', 'SyntaxError']

export async function outcomeOf(response: Promise<Response>, speaker: Speaker, question: Question): Promise<Outcome> {
  const said: Said = { text: '', args: '', failures: [] }
  try {
    const answered = await response
    if (!answered.ok) return refusal(answered.status, await answered.text())
    if (!question.stream) speaker.hear(said, parsed(await answered.text()))
    else for await (const piece of eventsOf(answered)) speaker.hear(said, piece)
  } catch (error) {
    return failure(error)
  }
  const [told] = said.failures
  if (told === undefined) return judged(said, question)
  if (said.failures.length > 1) return wrong(`told ${said.failures.length} failures`)
  return { kind: 'error', detail: 'told in the stream' }
}

function failure(error: unknown): Outcome {
  if (isLeashError(error)) return { kind: 'error', detail: error.code }
  const name = error instanceof Error ? error.name : String(error)
  return platform.includes(name) ? { kind: 'error', detail: name } : wrong(`threw ${String(error)}`)
}

function refusal(status: number, text: string): Outcome {
  // A vendor's words go to those who speak its protocol as they came.
  if (text.startsWith('<html>')) return { kind: 'error', detail: String(status) }
  const { error }: Json = JSON.parse(text)
  return typeof error?.message === 'string' ? { kind: 'error', detail: String(status) } : wrong(`refused with ${text}`)
}

function judged({ text, args, finish }: Said, { prompt, tools }: Question): Outcome {
  if (finish === undefined) return wrong(`ended early, after ${JSON.stringify(text + args)}`)
  if (!tools) return text === `Echo: ${prompt}` ? answer : wrong(`said ${JSON.stringify(text)}`)
  const { city, unit }: Json = JSON.parse(args)
  return typeof city === 'string' && typeof unit === 'string' && text === '' ? answer : wrong(`called with ${args}`)
}

/** A whole answer was parsed before it was handed on. */
function parsed(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`answered ${text}`)
  }
}

const answer: Outcome = { kind: 'answer', detail: '' }
const wrong = (detail: string): Outcome => ({ kind: 'wrong', detail })

async function* eventsOf(response: Response): AsyncGenerator<Json> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    const events = text.split(/\r?\n\r?\n/)
    text = events.pop() ?? ''
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (data !== undefined && data !== '[DONE]') yield JSON.parse(data)
    }
  }
}

/** The question of one call. Every tenth call asks what the one before it asks. */
export function questionOf(call: number): {
  readonly speaker: Speaker
  readonly door: 'fetch' | 'handle'
  readonly question: Question
} {
  const number = call % 10 === 9 ? call - 1 : call
  const speaker = speakers[number % speakers.length] ?? speakers[0]
  if (!speaker) throw new Error('Nobody speaks.')
  return {
    speaker,
    door: number % 4 === 3 ? 'handle' : 'fetch',
    question: {
      model: number % 7 < 4 ? 'gpt-4.1' : 'claude-haiku-4-5',
      prompt: `chaos-${number} one two three four five six`,
      stream: number % 2 === 1,
      tools: number % 5 === 0,
    },
  }
}
