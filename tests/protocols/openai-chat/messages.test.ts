import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.js'
import type { Message } from '../../../src/core/message.js'
import { brief, decoded, encoded } from './kit.js'

const text = (said: string) => ({ type: 'text' as const, text: said })
const png = 'iVBORw0KGgo='

/** Reads messages and writes them again; both must lose nothing. */
function roundTrip(messages: JsonObject[]): { neutral: readonly Message[]; wire: unknown } {
  const { request, losses } = decoded({ messages })
  const { body, losses: more } = encoded(request, { supportsPrefill: true })
  expect([...losses, ...more]).toEqual([])
  return { neutral: request.messages, wire: body.messages }
}

describe('instructions', () => {
  test('of the system and of the developer are the same thing, and stay where they stood', () => {
    const { neutral, wire } = roundTrip([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'developer', content: [text('Be kind.'), text('Always.')] },
    ])
    expect(neutral.map(({ role }) => role)).toEqual(['system', 'user', 'system'])
    expect(wire).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'system', content: [text('Be kind.'), text('Always.')] },
    ])
  })

  test('take text alone', () => {
    const { losses } = decoded({
      messages: [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'https://a/b' } }] }],
    })
    expect(brief(losses)).toEqual(['messages[0].content[0] dropped'])
  })
})

describe('what a user sends', () => {
  test('texts, images, files, sound and film, by address, by content or by id', () => {
    const content = [
      text('Look'),
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
      { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } },
    ]
    const { neutral, wire } = roundTrip([{ role: 'user', name: 'Ann', content }])
    expect(neutral).toEqual([
      {
        role: 'user',
        name: 'Ann',
        content: [
          text('Look'),
          { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' }, detail: 'low' },
          { type: 'image', source: { kind: 'base64', data: png, mediaType: 'image/png' } },
          { type: 'file', source: { kind: 'file-id', id: 'file-1' } },
          {
            type: 'file',
            source: { kind: 'base64', data: 'JVBERi0=', mediaType: 'application/pdf' },
            mediaType: 'application/pdf',
            name: 'a.pdf',
          },
          { type: 'audio', source: { kind: 'base64', data: 'UklGRg==', mediaType: 'audio/wav' } },
          { type: 'audio', source: { kind: 'base64', data: 'SUQz', mediaType: 'audio/mpeg' } },
          { type: 'file', source: { kind: 'url', url: 'https://example.com/a.mp4' }, mediaType: 'video/mp4' },
        ],
      },
    ])
    expect(wire).toEqual([{ role: 'user', name: 'Ann', content }])
  })

  test('marks for the cache, on every kind of part that takes one', () => {
    const cache_control = { type: 'ephemeral', ttl: '1h' }
    const content = [
      { ...text('Look'), cache_control },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' }, cache_control },
      { type: 'file', file: { file_id: 'file-1' }, cache_control },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=' }, cache_control },
      { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' }, cache_control },
    ]
    const { neutral, wire } = roundTrip([{ role: 'user', content }])
    expect(neutral[0]?.content.map((part) => 'cache' in part && part.cache)).toEqual(content.map(() => ({ ttl: '1h' })))
    expect(wire).toEqual([{ role: 'user', content }])
  })

  test('a mark for the cache stays on what is sent as something else', () => {
    const cache = { ttl: '1h' } as const
    const { body, losses } = encoded({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { kind: 'file-id', id: 'file-1' }, cache },
            { type: 'file', source: { kind: 'text', text: 'Hi' }, cache },
          ],
        },
      ],
    })
    const cache_control = { type: 'ephemeral', ttl: '1h' }
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', file: { file_id: 'file-1' }, cache_control },
          { ...text('Hi'), cache_control },
        ],
      },
    ])
    expect(brief(losses)).toEqual(['messages[0].content[0] approximated', 'messages[0].content[1] approximated'])
  })

  test('what no other vendor reads of a part is reported, by member', () => {
    const content = [
      { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' }, hue: 1 },
      { type: 'file', file: { file_id: 'file-1' }, hue: 1 },
      { type: 'video_url', video_url: { url: 'https://example.com/a.mp4', fps: 2 }, hue: 1 },
    ]
    expect(brief(decoded({ messages: [{ role: 'user', content }] }).losses)).toEqual([
      'messages[0].content[0].hue dropped',
      'messages[0].content[1].hue dropped',
      'messages[0].content[2].hue dropped',
      'messages[0].content[2].video_url.fps dropped',
    ])
  })

  test('a file of bare base64 is of the type that its name shows, and a PDF without one', () => {
    const file = (filename?: string) =>
      decoded({
        messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'QUJD', ...(filename && { filename }) } }] }],
      }).request.messages[0]?.content[0]
    expect(file('notes.TXT')).toMatchObject({ source: { mediaType: 'text/plain' } })
    expect(file()).toMatchObject({ source: { kind: 'base64', data: 'QUJD', mediaType: 'application/pdf' } })
  })

  test('a data URL that is not base64 is its text', () => {
    const url = 'data:text/plain;charset=utf-8,Hi%20there'
    const { request } = decoded({ messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: url } }] }] })
    expect(request.messages[0]?.content[0]).toMatchObject({ source: { kind: 'text', text: 'Hi there' } })
  })

  test('a JPEG is one by either name', () => {
    const url = 'data:image/jpg;base64,/9j/'
    const { request } = decoded({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] })
    expect(request.messages[0]?.content[0]).toMatchObject({ source: { data: '/9j/', mediaType: 'image/jpeg' } })
  })

  test('a document that stands for an image is a file, whoever reads it', () => {
    const shown = (url: string) =>
      decoded({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }).request.messages[0]
        ?.content[0]
    const mediaType = 'application/pdf'
    const source = { kind: 'base64', data: 'JVBERi0=', mediaType }
    expect(shown('data:application/pdf;base64,JVBERi0=')).toEqual({ type: 'file', source, mediaType })
    expect(shown('data:text/plain,Hi')).toEqual({ type: 'file', source: { kind: 'text', text: 'Hi' } })
    expect(shown('data:application/octet-stream;base64,iVBORw0=')).toMatchObject({ type: 'image' })
  })

  test('a data URL of a drawing stays the address it is', () => {
    const url = 'data:image/svg+xml,%3Csvg/%3E'
    const { request } = decoded({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] })
    expect(request.messages[0]?.content).toEqual([{ type: 'image', source: { kind: 'url', url } }])
  })

  test('what has no counterpart is reported, and so is a member that nobody reads', () => {
    const { request, losses } = decoded({
      messages: [{ role: 'user', content: [{ type: 'hologram' }, { ...text('x'), weight: 2 }], mood: 'good' }],
    })
    expect(request.messages[0]?.content).toEqual([text('x')])
    expect(brief(losses).toSorted()).toEqual([
      'messages[0].content[0] dropped',
      'messages[0].content[1].weight dropped',
      'messages[0].mood dropped',
    ])
  })

  test('a member that nobody reads is reported where it stands within a part or a call', () => {
    const { losses } = decoded({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'https://example.com/a', format: 'image/png' } },
            { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav', speed: 2 } },
            { type: 'file', file: { file_id: 'file-1', format: 'pdf' } },
          ],
        },
        {
          role: 'assistant',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}', parsed_arguments: {}, mood: 'good' } },
          ],
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, dialect: 'x' } },
      user: 'ann',
      safety_identifier: 'hash',
    })
    expect(brief(losses)).toEqual([
      'messages[0].content[0].image_url.format dropped',
      'messages[0].content[1].input_audio.speed dropped',
      'messages[0].content[2].file.format dropped',
      'messages[1].tool_calls[0].function.mood dropped',
      'response_format.json_schema.dialect dropped',
      'safety_identifier dropped',
    ])
  })

  test('a file is an address wherever it lies', () => {
    for (const url of ['https://example.com/a.pdf', 'gs://bucket/a.pdf', 's3://bucket/a.pdf']) {
      const { request } = decoded({ messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: url } }] }] })
      expect(request.messages[0]?.content).toEqual([{ type: 'file', source: { kind: 'url', url } }])
    }
  })

  test('documents as text, and files by address, are sent as well as can be, and reported', () => {
    const { body, losses } = encoded({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'file', source: { kind: 'text', text: 'Once' }, name: 'tale.txt' },
            { type: 'file', source: { kind: 'url', url: 'https://example.com/a.pdf' } },
            { type: 'image', source: { kind: 'file-id', id: 'file-1' } },
            { type: 'audio', source: { kind: 'url', url: 'https://example.com/a.wav' } },
          ],
        },
      ],
    })
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          text('tale.txt:\nOnce'),
          { type: 'file', file: { file_data: 'https://example.com/a.pdf' } },
          { type: 'file', file: { file_id: 'file-1' } },
        ],
      },
    ])
    expect(brief(losses)).toEqual([
      'messages[0].content[0] approximated',
      'messages[0].content[1] approximated',
      'messages[0].content[2] approximated',
      'messages[0].content[3] dropped',
    ])
  })
})

describe('what the assistant said', () => {
  const call = (id: string, name: string, given: string) => ({ id, type: 'function', function: { name, arguments: given } })

  test('text, refusal, sound and calls', () => {
    const messages = [
      { role: 'assistant', content: 'Hm.', refusal: 'No.', audio: { id: 'audio_1' }, name: 'Bot' },
      { role: 'assistant', content: null, tool_calls: [call('a', 'f', '{"x":1}'), call('b', 'g', '{}')] },
    ]
    const { neutral, wire } = roundTrip(messages)
    expect(neutral[0]?.content).toEqual([
      text('Hm.'),
      { type: 'refusal', text: 'No.' },
      { type: 'audio', source: { kind: 'file-id', id: 'audio_1' } },
    ])
    expect(wire).toEqual(messages)
  })

  test('sound that is sent back as it came is the sound, and not only its name', () => {
    const audio = { id: 'audio_1', data: 'UklGRg==', transcript: 'Hey', expires_at: 1 }
    const { request } = decoded({ messages: [{ role: 'assistant', content: null, audio }] })
    expect(request.messages[0]?.content).toEqual([
      { type: 'audio', source: { kind: 'base64', data: 'UklGRg==', mediaType: 'audio/wav' }, transcript: 'Hey' },
    ])
  })

  test('a refusal among the parts is the same refusal', () => {
    const { request } = decoded({
      messages: [{ role: 'assistant', content: [text('Hm.'), { type: 'refusal', refusal: 'No.' }] }],
    })
    expect(encoded(request, { supportsPrefill: true }).body.messages).toEqual([
      { role: 'assistant', content: 'Hm.', refusal: 'No.' },
    ])
  })

  test('an answer sent back as it came reports nothing', () => {
    roundTrip([
      {
        role: 'assistant',
        content: 'Paris.',
        refusal: null,
        annotations: [{ type: 'url_citation', url_citation: { url: 'https://a', title: 'A', start_index: 0, end_index: 1 } }],
        audio: null,
        function_call: null,
      },
    ])
  })

  test('a call of a custom tool stays a call', () => {
    const { request, losses } = decoded({
      messages: [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sql', input: 'select "1"' } }] }],
    })
    expect(request.messages[0]?.content).toEqual([
      { type: 'tool-call', id: 'a', name: 'sql', arguments: '{"input":"select \\"1\\""}' },
    ])
    expect(brief(losses)).toEqual(['messages[0].tool_calls[0] approximated'])
  })

  test('what was only heard is sent as its transcript, and pictures are left out; both are reported', () => {
    const { body, losses } = encoded(
      {
        messages: [
          {
            role: 'assistant',
            content: [
              { type: 'audio', source: { kind: 'base64', data: 'AA==', mediaType: 'audio/wav' }, transcript: 'Hello' },
              { type: 'image', source: { kind: 'base64', data: png, mediaType: 'image/png' } },
            ],
          },
        ],
      },
      { supportsPrefill: true },
    )
    expect(body.messages).toEqual([{ role: 'assistant', content: 'Hello' }])
    expect(brief(losses)).toEqual(['messages[0].content[0] approximated', 'messages[0].content[1] dropped'])
  })

  test('a text after a call is moved before it, and that is reported', () => {
    const { body, losses } = encoded(
      { messages: [{ role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'f', arguments: '{}' }, text('Done')] }] },
      { supportsPrefill: true },
    )
    expect(body.messages).toEqual([{ role: 'assistant', content: 'Done', tool_calls: [call('a', 'f', '{}')] }])
    expect(brief(losses)).toEqual(['messages[0].content[1] approximated'])
  })
})

describe('thinking in the history', () => {
  const think = (over: object) => ({ type: 'reasoning' as const, text: '', ...over })
  const neutral = (message: JsonObject) =>
    decoded({ messages: [{ role: 'assistant', content: 'Ok', ...message }] }).request.messages[0]?.content
  const wire = (...content: Extract<Message, { role: 'assistant' }>['content']) =>
    (encoded({ messages: [{ role: 'assistant', content }] }, { supportsPrefill: true }).body.messages as JsonObject[])[0]

  test('is read in DeepSeek’s, Groq’s and Mistral’s words, and stands first', () => {
    const expected = [think({ text: 'Hm' }), text('Ok')]
    expect(neutral({ reasoning_content: 'Hm' })).toEqual(expected)
    expect(neutral({ reasoning: 'Hm' })).toEqual(expected)
    expect(neutral({ content: [{ type: 'thinking', thinking: [text('Hm')] }, text('Ok')] })).toEqual(expected)
    expect(neutral({ reasoning_content: '' })).toEqual([text('Ok')])
  })

  test('signed, redacted, empty but signed: each block keeps its signature byte for byte', () => {
    const blocks = [
      think({ text: 'One', signature: { format: 'anthropic-claude-v1', value: 'sig+/=1' } }),
      think({ redacted: true, signature: { format: 'anthropic-claude-v1', value: 'hidden' } }),
      think({ signature: { format: 'anthropic-claude-v1', value: 'sig2' } }),
      think({ text: 'Sum', summary: true, id: 'rs_1', signature: { format: 'openai-responses-v1', value: 'enc' } }),
      think({ id: 'rs_2', signature: { format: 'openai-responses-v1', value: 'enc2' } }),
    ]
    const message = wire(...blocks, text('Ok'))
    expect(message).toMatchObject({ reasoning_content: 'One\n\nSum', content: 'Ok' })
    expect(message?.reasoning_details).toEqual([
      { type: 'reasoning.text', text: 'One', signature: 'sig+/=1', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'hidden', format: 'anthropic-claude-v1', index: 1 },
      { type: 'reasoning.text', text: '', signature: 'sig2', format: 'anthropic-claude-v1', index: 2 },
      { type: 'reasoning.summary', summary: 'Sum', format: 'openai-responses-v1', id: 'rs_1', index: 3 },
      { type: 'reasoning.encrypted', data: 'enc', format: 'openai-responses-v1', id: 'rs_1', index: 3 },
      { type: 'reasoning.encrypted', data: 'enc2', format: 'openai-responses-v1', id: 'rs_2', index: 4 },
    ])
    expect(neutral(message ?? {})).toEqual([...blocks, text('Ok')])
  })

  test('an encrypted block belongs to the summary before it only when they share their id', () => {
    const format = 'openai-responses-v1'
    const details = (id: string) => [
      { type: 'reasoning.summary', summary: 'Sum', format, id: 'rs_1' },
      { type: 'reasoning.encrypted', data: 'enc', format, id },
    ]
    expect(neutral({ reasoning_details: details('rs_1') })).toHaveLength(2)
    expect(neutral({ reasoning_details: details('rs_2') })).toHaveLength(3)
  })

  test('bare thinking needs no details', () => {
    expect(wire(think({ text: 'Hm' }), text('Ok'))).toEqual({ role: 'assistant', reasoning_content: 'Hm', content: 'Ok' })
  })

  test('details are believed before the bare text, which an accumulator may have cut to its last delta', () => {
    const details = [{ type: 'reasoning.text', text: 'The whole.', format: 'anthropic-claude-v1', signature: 's', index: 0 }]
    expect(neutral({ reasoning_content: ' whole.', reasoning_details: details })).toEqual([
      think({ text: 'The whole.', signature: { format: 'anthropic-claude-v1', value: 's' } }),
      text('Ok'),
    ])
  })

  test('a signature in an unknown format is not kept, its text is', () => {
    const details = [
      { type: 'reasoning.text', text: 'Hm', signature: 's', format: 'martian-v1' },
      { type: 'reasoning.encrypted', data: 'x', format: 'martian-v1' },
      'nonsense',
    ]
    expect(neutral({ reasoning_details: details })).toEqual([think({ text: 'Hm' }), text('Ok')])
  })

  test('a signature of Gemini belongs to its tool call, in Google’s words or OpenRouter’s', () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
    const signed = {
      type: 'tool-call',
      id: 'a',
      name: 'f',
      arguments: '{}',
      signature: { format: 'google-gemini-v1', value: 'sig' },
    } as const
    expect(neutral({ tool_calls: [{ ...call, extra_content: { google: { thought_signature: 'sig' } } }] })).toEqual([
      text('Ok'),
      signed,
    ])
    const details = [{ type: 'reasoning.encrypted', data: 'sig', format: 'google-gemini-v1', id: 'a', index: 0 }]
    expect(neutral({ tool_calls: [call], reasoning_details: details })).toEqual([text('Ok'), signed])
    expect(wire(text('Ok'), signed)?.tool_calls).toEqual([{ ...call, extra_content: { google: { thought_signature: 'sig' } } }])
  })

  test('and one of its texts goes there and back', () => {
    const signed = { ...text('Ok'), signature: { format: 'google-gemini-v1', value: 'sig' } } as const
    const message = wire(signed)
    expect(message?.reasoning_details).toEqual([
      { type: 'reasoning.encrypted', data: 'sig', format: 'google-gemini-v1', id: 'text', index: 0 },
    ])
    expect(neutral(message ?? {})).toEqual([signed])
    expect(neutral(wire({ ...signed, text: '' }) ?? {})).toEqual([{ ...signed, text: '' }])
  })
})

describe('results of tools', () => {
  const calls = {
    role: 'assistant',
    content: null,
    tool_calls: ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: `f_${id}`, arguments: '{}' } })),
  }

  test('of one turn stand together, and know the names of what they answer', () => {
    const messages = [
      calls,
      { role: 'tool', tool_call_id: 'a', content: 'One' },
      { role: 'tool', tool_call_id: 'b', content: [text('Two'), text('and more')] },
      { role: 'user', content: 'Go on' },
    ]
    const { neutral, wire } = roundTrip(messages)
    expect(neutral[1]).toEqual({
      role: 'tool',
      content: [
        { type: 'tool-result', id: 'a', name: 'f_a', content: [text('One')] },
        { type: 'tool-result', id: 'b', name: 'f_b', content: [text('Two'), text('and more')] },
      ],
    })
    expect(wire).toEqual(messages)
  })

  test('may be very many, and take no longer than they are', () => {
    const results = Array.from({ length: 50_000 }, (_, at) => ({ role: 'tool', tool_call_id: `call_${at}`, content: 'One' }))
    const { request } = decoded({ messages: [{ role: 'user', content: 'Hi' }, ...results] })
    expect(request.messages.map(({ content }) => content.length)).toEqual([1, 50_000])
  })

  test('may be nothing', () => {
    const { neutral, wire } = roundTrip([calls, { role: 'tool', tool_call_id: 'a', content: '' }])
    expect(neutral[1]?.content).toEqual([{ type: 'tool-result', id: 'a', name: 'f_a', content: [] }])
    expect(wire).toEqual([calls, { role: 'tool', tool_call_id: 'a', content: '' }])
  })

  test('that failed are sent as they are, and that is reported', () => {
    const { losses } = encoded({
      messages: [{ role: 'tool', content: [{ type: 'tool-result', id: 'a', content: [text('Boom')], isError: true }] }],
    })
    expect(brief(losses)).toEqual(['messages[0].is_error approximated'])
  })
})

describe('breakpoints of a cache', () => {
  const cache_control = { type: 'ephemeral', ttl: '1h' }

  test('on parts, tools, calls and results have their neutral word, and their way back', () => {
    const messages = [
      { role: 'system', content: [{ ...text('Rules'), cache_control }] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a/b' }, cache_control: { type: 'ephemeral' } }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, cache_control }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'x', cache_control },
    ]
    const { neutral, wire } = roundTrip(messages)
    expect(neutral.map(({ content }) => content[0]).map((part) => part && 'cache' in part && part.cache)).toEqual([
      { ttl: '1h' },
      {},
      { ttl: '1h' },
      { ttl: '1h' },
    ])
    expect(wire).toEqual(messages)
    const tools = [{ type: 'function', function: { name: 'f' }, cache_control }]
    const { request } = decoded({ messages: [{ role: 'user', content: 'x' }], tools })
    expect(request.tools).toEqual([{ name: 'f', cache: { ttl: '1h' } }])
    expect(encoded(request).body.tools).toEqual(tools)
  })

  test('on a message stands after its last part', () => {
    const { request } = decoded({ messages: [{ role: 'user', content: [text('a'), text('b')], cache_control }] })
    expect(request.messages[0]?.content).toEqual([text('a'), { ...text('b'), cache: { ttl: '1h' } }])
  })

  test('in OpenAI’s own spelling are breakpoints too', () => {
    const { request, losses } = decoded({
      messages: [
        {
          role: 'user',
          content: [
            { ...text('a'), prompt_cache_breakpoint: { mode: 'explicit' } },
            { ...text('b'), prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } },
          ],
        },
      ],
    })
    expect(request.messages[0]?.content).toEqual([
      { ...text('a'), cache: {} },
      { ...text('b'), cache: { ttl: '1h' } },
    ])
    expect(brief(losses)).toEqual(['messages[0].content[1].prompt_cache_breakpoint.ttl approximated'])
  })
})
