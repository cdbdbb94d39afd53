import { LeashLLM } from 'leashllm'
import { defineModule } from 'leashllm/modules'

/** Where a program keeps what it wants to look at later; a queue or a table in earnest. */
const lines: { at: string; target: string; question: string; answer: string }[] = []

/** Told of a call when it is over. Nobody waits for it, and what it throws harms nobody. */
const archive = defineModule({
  name: 'archive',
  version: '1.0.0',
  kind: 'sink',
  // Behind redaction: nothing is kept that may not leave.
  sees: 'redacted',
  when: { tags: { keep: 'yes' } },
  async response({ texts, target = 'nobody', error }, { call }) {
    const said = (all: typeof texts) => all.map(({ text }) => text).join('\n')
    if (!error) lines.push({ at: new Date().toISOString(), target, question: said(call.texts), answer: said(texts) })
  },
})

const client = new LeashLLM({ modules: [archive], redact: true })
const stream = await client.chat.completions.create(
  { model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Write to jane.roe@example.com.' }] },
  { leash: { tags: { keep: 'yes' } } },
)
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

// Waits for the sinks too.
await client.leash.close()
console.log('\n', lines)
