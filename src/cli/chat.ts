import { defineCommand } from 'citty'
import type { Report } from '../core/call.js'
import { isErrorCode } from '../core/error-code.js'
import { LeashError } from '../core/errors.js'
import { asArray, asObject, asString, parseJson } from '../core/json.js'
import { inputTotal, outputTotal } from '../core/usage.js'
import { createLeash, type Leash } from '../open-leash.js'
import { sseUnframer } from '../protocols/framing/sse.js'
import { paint, printJson, telling } from './output.js'
import { localProviders, messagesOf, namesIn, readPrompt } from './prompt.js'

export const chat = defineCommand({
  meta: { name: 'chat', description: 'Asks a model, and shows who answered and with how many tokens.' },
  args: {
    prompt: { type: 'positional', description: 'What to say; - reads standard input', required: true },
    model: { type: 'string', alias: 'm', description: 'A model, or provider/model', default: 'gpt-4o-mini' },
    fallback: { type: 'string', description: 'Models to try when that one fails, separated by commas' },
    system: { type: 'string', description: 'Instructions for the model' },
    stream: { type: 'boolean', description: 'Print tokens as they come' },
    json: { type: 'boolean', description: 'Print the whole answer and its report as JSON' },
  },
  run: ({ args }) =>
    telling(args.json, async () => {
      const fallback = namesIn(args.fallback)
      const leash = createLeash({ providers: localProviders([args.model, ...fallback]), fallback })
      try {
        const reported = new Promise<Report>((resolve) => leash.on('result', resolve))
        const prompt = await readPrompt(args.prompt)
        const stream = args.stream === true && args.json !== true
        const answer = await ask(leash, { ...args, prompt, stream })
        if (stream) await printStream(answer)
        const body = stream ? undefined : parseJson(await answer.text())
        const report = await reported
        if (args.json) return printJson({ answer: body, report })
        if (!stream) process.stdout.write(`${textOf(body)}\n`)
        process.stderr.write(`${paint('dim', summary(report), process.stderr)}\n`)
      } finally {
        await leash.close()
      }
    }),
})

async function ask(
  leash: Leash,
  asked: { model: string; prompt: string; system?: string | undefined; stream: boolean },
): Promise<Response> {
  const messages = messagesOf(asked.prompt, asked.system)
  const response = await leash.handle(
    new Request('http://leash.internal/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: asked.model, messages, ...(asked.stream && { stream: true }) }),
    }),
  )
  if (response.ok) return response
  const error = asObject(asObject(parseJson(await response.text())).error)
  const code = response.headers.get('x-leash-error')
  throw new LeashError(
    isErrorCode(code) ? code : 'upstream_error',
    (asString(error.message) ?? `The call failed with status ${response.status}.`).replace(/^\[\w+\] /, ''),
    { status: response.status },
  )
}

async function printStream(response: Response): Promise<void> {
  const frames = sseUnframer(({ data }) => {
    const event = asObject(parseJson(data))
    const message = asString(asObject(event.error).message)
    if (message) throw new LeashError('upstream_error', message)
    process.stdout.write(asString(asObject(asObject(asArray(event.choices)[0]).delta).content) ?? '')
  })
  for await (const bytes of response.body ?? []) frames.push(bytes)
  process.stdout.write('\n')
}

function textOf(body: unknown): string {
  return asString(asObject(asObject(asArray(asObject(body).choices)[0]).message).content) ?? ''
}

function summary({ provider, model, usage, attempts, moves, warnings }: Report): string {
  const last = attempts.at(-1)
  return [
    `${provider}/${model}`,
    usage ? `${inputTotal(usage)} tokens in, ${outputTotal(usage)} out` : 'usage unknown',
    attempts.length > 1 ? `${attempts.length} attempts` : undefined,
    moves.length > 0 ? `instead of ${moves.map(({ from, because }) => `${from} (${because})`).join(', ')}` : undefined,
    last?.durationMs === undefined ? undefined : `${last.durationMs} ms`,
    warnings.length > 0 ? `lost: ${warnings.map(({ path }) => path).join(', ')}` : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(' · ')
}
