import { defineCommand } from 'citty'
import type { Estimate } from '../core/call.js'
import { createLeash } from '../open-leash.js'
import { printJson, table, telling } from './output.js'
import { localProviders, messagesOf, readPrompt } from './prompt.js'
import { wholeNumber } from './whole-number.js'

export const dryRun = defineCommand({
  meta: { name: 'dry-run', description: 'Shows who would answer a prompt, and what that could cost. Nothing is sent.' },
  args: {
    prompt: { type: 'positional', description: 'What to say; - reads standard input', required: true },
    model: { type: 'string', alias: 'm', description: 'A model, or provider/model', default: 'gpt-4o-mini' },
    system: { type: 'string', description: 'Instructions for the model' },
    'max-tokens': { type: 'string', description: 'Most tokens of the answer' },
    json: { type: 'boolean', description: 'Print the estimate as JSON' },
  },
  run: ({ args }) =>
    telling(args.json, async () => {
      const leash = createLeash({ providers: localProviders([args.model]) })
      try {
        const { 'max-tokens': typed } = args
        const most = typed === undefined ? undefined : wholeNumber(typed, 1, Number.MAX_SAFE_INTEGER, 'no number of tokens')
        const prompt = await readPrompt(args.prompt)
        const messages = messagesOf(prompt, args.system)
        const told = await leash.estimate({ model: args.model, messages, ...(most !== undefined && { max_tokens: most }) })
        if (args.json) printJson(told)
        else process.stdout.write(`${table(rows(told))}\n`)
      } finally {
        await leash.close()
      }
    }),
})

function rows({ provider, model, inputTokens, maxOutputTokens, inputUsd, mostUsd }: Estimate): string[][] {
  return [
    ['target', `${provider}/${model}`],
    ['prompt', `about ${inputTokens} tokens`, dollars(inputUsd)],
    ['answer', maxOutputTokens === undefined ? 'nothing bounds it' : `at most ${maxOutputTokens} tokens`],
    ['in all', '', mostUsd === null ? dollars(null) : `at most ${dollars(mostUsd)}`],
  ]
}

function dollars(usd: number | null): string {
  return usd === null ? 'price unknown' : `$${Number(usd.toPrecision(3))}`
}
