/**
 * CPU per call with redaction on, as a ratio to the same client without: for a prompt that holds nothing, and for one whose values
 * the answer says again.
 *
 * node bench/redact.ts [rounds]
 */
import { LeashLLM, type LeashLLMOptions } from 'leashllm'
import { headers, streamHeaders } from './answers.ts'
import { cpuPerCall, inRounds, printRows } from './rounds.ts'

const rounds = Number(process.argv[2] ?? 41)
const model = 'gpt-4o-mini'
const plain = 'Say a hundred words.'
const personal = 'Write to john.doe@acme.com or call +14155552671, and say a hundred words.'

/** A model that says what it read every ten words. */
function speaker(answer: (prompt: string) => readonly string[]): typeof fetch {
  const encoder = new TextEncoder()
  const base = { id: 'chatcmpl-bench', created: 1_790_000_000, model, object: 'chat.completion.chunk' }
  const event = (delta: object, finish_reason: string | null = null) =>
    encoder.encode(`data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })}\n\n`)
  const made = new Map<string, readonly Uint8Array<ArrayBuffer>[]>()
  const streamOf = (text: string) => {
    const { messages } = JSON.parse(text) as { messages: { content: string }[] }
    return [
      event({ role: 'assistant', content: '' }),
      ...answer(messages[0]?.content ?? '').map((content) => event({ content })),
      event({}, 'stop'),
      encoder.encode('data: [DONE]\n\n'),
    ]
  }
  return async (_url, init) => {
    const text = typeof init?.body === 'string' ? init.body : ''
    const pieces = made.get(text) ?? streamOf(text)
    made.set(text, pieces)
    let next = 0
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces[next++]
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    })
    return new Response(body, { headers: { ...headers, ...streamHeaders } })
  }
}

/** With a digit in each, a text is held back as one long number might be. */
const words = 'the harbour lay quiet under a thin fog and nobody came for boats that had been there since spring'.split(' ')

/** Placeholders come in three pieces, as tokens do. */
const saying = (prompt: string): string[] => {
  const read = prompt.match(/<[A-Z]+_\d+>/g) ?? ['word']
  return Array.from({ length: 100 }, (_, i) => {
    const token = read[Math.floor(i / 10) % read.length] ?? 'word'
    return [token.slice(0, 4), token.slice(4, 7), `${token.slice(7)} `][i % 10] ?? `${words[i % words.length]} `
  })
}

const client = (redact: NonNullable<LeashLLMOptions['redact']>) =>
  new LeashLLM({ apiKey: 'bench', fetch: speaker(saying), redact })

async function stream(client: LeashLLM, content: string): Promise<number> {
  let length = 0
  const chunks = await client.chat.completions.create({ model, messages: [{ role: 'user', content }], stream: true })
  for await (const { choices } of chunks) length += choices[0]?.delta.content?.length ?? 0
  return length
}

/** In one round. */
const calls = 80

/** In rounds: V8 compiles for that long, in threads whose CPU counts too. */
const warmUp = 20

console.log(`CPU per 100-chunk stream: node ${process.version}, ${rounds} interleaved rounds\n`)
for (const [title, prompt] of [
  ['a prompt that holds nothing', plain],
  ['a prompt whose values are said again', personal],
] as const) {
  const contenders = [
    { name: 'without redaction', client: client(false) },
    { name: 'with redaction', client: client(true) },
    { name: 'and of what the model writes', client: client({ response: 'mask' }) },
  ]
  const round = (calls: number) => (contender: { client: LeashLLM }) => cpuPerCall(calls, () => stream(contender.client, prompt))
  for (const contender of contenders) await round(warmUp * calls)(contender)
  printRows(title, 'µs', await inRounds(rounds, contenders, round(calls)))
}
