/** Names and addresses, which are taken out for who asks for them. */
import { expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { RedactOptions } from '../../../src/middleware/redact/options.js'
import { callOf, drive, framed, read, streamed, unframed, whole } from './drive.js'
import { speakerOf } from './speakers.js'

const said =
  'Dear Dr. Okonkwo, Sarah Lindqvist of 12 Baker Street, London NW1 6XE wrote at Christmas. Christophe did too: Christophe lives there.'
const asked: RedactOptions = { entities: ['PERSON', 'ADDRESS'] }

async function echoed(options: RedactOptions, stream: boolean) {
  const speaker = await speakerOf('openai-chat')
  const { layer } = await drive(options)
  let sent = ''
  const body: JsonObject = { model: 'model', messages: [{ role: 'user', content: said }] }
  const result = await layer(async (call) => {
    const { messages } = call.body as { messages: { content: string }[] }
    sent = messages[0]?.content ?? ''
    if (!stream) return whole(speaker.whole([{ kind: 'text', pieces: [sent] }]))
    const events = speaker.stream([{ kind: 'text', pieces: [...sent] }])
    return streamed(framed(speaker.protocol, events), [1])
  })(callOf(speaker.protocol, body))
  const parts = result.stream
    ? speaker.heardStream(unframed(speaker.protocol, (await read(result)).bytes))
    : speaker.heard(result.body)
  const [part] = parts
  return { sent, heard: part && 'text' in part ? part.text : '' }
}

test.each([false, true])('what is guessed goes out as placeholders and comes back (stream: %s)', async (stream) => {
  const { sent, heard } = await echoed(asked, stream)
  expect(sent).toBe(
    'Dear Dr. <PERSON_1>, <PERSON_2> of <ADDRESS_1> wrote at Christmas. <PERSON_3> did too: <PERSON_3> lives there.',
  )
  expect(heard).toBe(said)
})

test('nothing is guessed that was not asked for', async () => {
  expect((await echoed({}, false)).sent).toBe(said)
})

test('a name in a longer word is left there', async () => {
  const { sent } = await echoed({ ...asked, deny: [] }, false)
  expect(sent).toContain('Christmas')
})

test('a name that was found once is a name wherever it is a word of its own, and nowhere else', async () => {
  const speaker = await speakerOf('openai-chat')
  const ner = (text: string) => (text.startsWith('I am') ? [{ type: 'PERSON' as const, start: 5, end: 12, confidence: 1 }] : [])
  const { layer } = await drive({ entities: ['PERSON'], ner })
  const texts = ['I am Okonkwo', 'is it Okonkwo or not', 'Okonkwo', 'xOkonkwo, 7Okonkwo, Okonkwox and Okonkwo7']
  const body: JsonObject = { model: 'm', messages: texts.map((content) => ({ role: 'user', content })) }
  let sent: unknown
  await layer(async (call) => {
    sent = (call.body as { messages: { content: string }[] }).messages.map(({ content }) => content)
    return whole(speaker.whole([{ kind: 'text', pieces: ['Hi'] }]))
  })(callOf(speaker.protocol, body))
  expect(sent).toEqual(['I am <PERSON_1>', 'is it <PERSON_1> or not', '<PERSON_1>', 'xOkonkwo, 7Okonkwo, Okonkwox and Okonkwo7'])
})

test.each([false, true])('an answer is guessed at, also where requests have a recogniser (stream: %s)', async (stream) => {
  const { heard } = await echoed({ entities: { PERSON: { response: 'mask' } }, ner: () => [] }, stream)
  expect(heard).not.toMatch(/Okonkwo|Lindqvist|Christophe/)
})

test.each([false, true])('what the model itself writes is masked, however it is cut (stream: %s)', async (stream) => {
  const { heard } = await echoed({ entities: { PERSON: { request: false, response: 'mask' } } }, stream)
  expect(heard).toContain('******* of 12 Baker Street'.slice(-19))
  expect(heard).not.toMatch(/Okonkwo|Lindqvist|Christophe/)
  expect(heard).toContain('Christmas')
})
